"""Chaos: daemons and brokers hurt on purpose, and the proof after each round."""

from __future__ import annotations

from hftcore.proof.chaos.brokers import ForeignBrokers as ForeignBrokers
from hftcore.proof.chaos.campaign import RoundResult as RoundResult
from hftcore.proof.chaos.campaign import run_campaign as run_campaign
from hftcore.proof.chaos.scenarios import SCENARIOS as SCENARIOS
