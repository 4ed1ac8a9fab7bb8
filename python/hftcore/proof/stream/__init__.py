"""Kill a scored stream of Spark again and again, and prove that its reader sees what an undisturbed replay says."""

from __future__ import annotations

from hftcore.proof.stream.campaign import StreamCampaign as StreamCampaign
from hftcore.proof.stream.faults import FAULTS as FAULTS
from hftcore.proof.stream.job import StreamJob as StreamJob
from hftcore.proof.stream.market import Market as Market
