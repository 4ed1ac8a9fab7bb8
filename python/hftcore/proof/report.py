"""A proof on paper: what was compared, the heads of the hash chains, a signature; and the check of such a paper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hftcore import __version__
from hftcore.errors import ProofError
from hftcore.files import sha256_of
from hftcore.proof.chain import chain_head, check_signature, sign
from hftcore.proof.findings import KINDS, Findings
from hftcore.proof.log import Log
from hftcore.proof.messages import OutputLog, read_output
from hftcore.proof.prover import HOLDS, ShardProof
from hftcore.proof.settings import DaemonSettings

FORMAT = "hftcore proof"
FORMAT_VERSION = 1
PROVEN, NOT_PROVEN, CANNOT_TELL = "proven", "not proven", "cannot tell"


def verdict_of(proofs: Iterable[ShardProof]) -> str:
    """One word for all: a difference outweighs what could not be seen."""
    proofs = list(proofs)
    if any(len(proof.findings) for proof in proofs):
        return NOT_PROVEN
    return PROVEN if all(proof.proven for proof in proofs) else CANNOT_TELL


def make_report(
    settings: DaemonSettings, proofs: Sequence[ShardProof], *, complete: bool, key: bytes | None
) -> dict[str, Any]:
    """The report of a proof, signed where there is a key. Holds no clock: the same topics give the same report."""
    models = {c.model_id: c.model_path for proof in proofs for c in proof.controls}
    body = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "hftcore": __version__,
        "verdict": verdict_of(proofs),
        "complete": complete,
        "config": {"path": str(settings.path.resolve()), "sha256": settings.sha256, "name": settings.name},
        "instruments_sha256": settings.instruments.sha256,
        "models": [_model(settings, model_id, path) for model_id, path in sorted(models.items())],
        "shards": [_shard(proof) for proof in proofs],
    }
    return sign(body, key)


def check_report(report: Mapping[str, Any], log: Log, settings: DaemonSettings, key: bytes | None) -> list[str]:
    """What of a report does not hold any more: its signature, its files, its topics. Empty where all of it does.

    The topics may have grown since: the chains are followed as far as the report says.
    """
    if report.get("format") != FORMAT or report.get("version") != FORMAT_VERSION:
        raise ProofError(f"no report of format {FORMAT!r}, version {FORMAT_VERSION}")
    problem = check_signature(report, key)
    wrong = [] if problem is None else [problem]
    try:
        if report["config"]["sha256"] != settings.sha256:
            wrong.append(f"{settings.path}: was altered since the report")
        wrong.extend(
            f"model {model['model_id'][:16]}: {model['path']} was altered since the report"
            for model in report["models"]
            if _model(settings, model["model_id"], model["path"]) != model
        )
        for shard in report["shards"]:
            wrong.extend(_check_shard(shard, log))
        if report["verdict"] == PROVEN and any(sum(s["findings"].values()) for s in report["shards"]):
            wrong.append("the verdict is 'proven', the shards have findings")
    except (KeyError, TypeError, AttributeError) as error:
        raise ProofError(f"report: {type(error).__name__}: {error}") from error
    return wrong


def read_report(path: Path) -> dict[str, Any]:
    """A report's JSON. Raises ProofError where it is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProofError(f"{path}: no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ProofError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value


def _model(settings: DaemonSettings, model_id: str, path: str) -> dict[str, Any]:
    manifest = settings.file_folder / path / "manifest.json"
    return {
        "model_id": model_id,
        "path": path,
        "manifest_sha256": sha256_of(manifest) if manifest.is_file() else None,
    }


def _shard(proof: ShardProof) -> dict[str, Any]:
    compared: list[Any] = [*proof.compared, *[None] * (len(proof.outputs) - len(proof.compared))]
    return {
        "shard": proof.shard,
        "verdict": verdict_of([proof]),
        "cannot_tell": proof.cannot_tell,
        "from": {"name": proof.origin.name, "n_inputs": proof.origin.n_inputs, "seqs": list(proof.origin.seqs)},
        "n_inputs": proof.n_inputs,
        "n_events": proof.n_events,
        "n_left_out": proof.n_left_out,
        "n_gaps": proof.n_gaps,
        "n_stale": proof.n_stale,
        "n_controls": len(proof.controls),
        "inputs": [
            {
                "topic": lane.topic,
                "partition": lane.partition,
                "n": len(lane),
                "first_offset": int(lane.offsets[0]) if len(lane) else None,
                "last_offset": int(lane.offsets[-1]) if len(lane) else None,
                "sha256": lane.sha256,
            }
            for lane in proof.lanes
        ],
        "outputs": [
            {
                "topic": log.topic,
                "partition": log.partition,
                "n_records": len(log.records),
                "n_equal": None if found is None else found.n_equal,
                "pending": None if found is None else found.pending,
                "n_void": log.n_void,
                "n_late": log.n_late,
                "n_leases": log.n_leases,
                "head": chain_head(message.value for message in log.records).hex(),
            }
            for log, found in zip(proof.outputs, compared, strict=True)
        ],
        "journal": _journal(proof),
        "findings": {kind: proof.findings.counts[kind] for kind in KINDS if proof.findings.counts[kind]},
        "first_findings": [finding.to_dict() for finding in proof.findings.first],
    }


def _journal(proof: ShardProof) -> dict[str, Any] | None:
    if proof.journal is None or proof.journal_compared is None or proof.journal_file is None:
        return None
    with proof.journal_file.open("rb") as file:
        digest = hashlib.sha256(file.read(proof.journal.n_bytes)).hexdigest()
    return {
        "path": str(proof.journal_file.resolve()),
        "n_bytes": proof.journal.n_bytes,
        "sha256": digest,
        "n_records": proof.journal_compared.n_records,
        "n_equal": proof.journal_compared.n_equal,
        "pending": proof.journal_compared.pending,
    }


def _check_shard(shard: Mapping[str, Any], log: Log) -> list[str]:
    wrong = []
    for told, holds in zip(shard["outputs"], HOLDS, strict=True):
        topic, partition, n = told["topic"], told["partition"], told["n_records"]
        portions = log.read(topic, partition, *log.watermarks(topic, partition))
        first_seq = shard["from"]["seqs"][HOLDS.index(holds)]
        found = read_output(topic, partition, portions, holds, Findings(), first_seq)
        if _head(found, n) != told["head"]:
            wrong.append(f"{topic} [{partition}]: its first {n} records are not those of the report")
    wrong.extend(
        f"{told['topic']} [{told['partition']}]: its messages are not those of the report"
        for told in shard["inputs"]
        if told["n"] and _input_hash(log, told) != told["sha256"]
    )
    journal = shard["journal"]
    if journal is not None:
        path = Path(journal["path"])
        data = path.read_bytes()[: journal["n_bytes"]] if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != journal["sha256"]:
            wrong.append(f"{path}: its first {journal['n_bytes']} bytes are not those of the report")
    return wrong


def _head(found: OutputLog, n: int) -> str:
    return chain_head(message.value for message in found.records[:n]).hex()


def _input_hash(log: Log, told: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for portion in log.read(told["topic"], told["partition"], told["first_offset"], told["last_offset"] + 1):
        for message in portion:
            digest.update(message.offset.to_bytes(8, "little") + len(message.value).to_bytes(4, "little"))
            digest.update(message.value)
    return digest.hexdigest()
