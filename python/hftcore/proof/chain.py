"""Hashes that hang on each other, and a signature over their heads."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hftcore.errors import ProofError

_LEAST_KEY_BYTES = 16
UNSIGNED = "no key was given: the chains show tampering only to somebody who knows their heads from elsewhere"


def chain_head(values: Iterable[bytes], head: bytes = bytes(32)) -> bytes:
    """Head of the chain h_n = SHA-256(h_{n-1} || value_n) that begins with 32 zero bytes.

    A head stands for every value before it, in order: none can be changed, added or left out without another head.
    """
    for value in values:
        head = hashlib.sha256(head + value).digest()
    return head


def read_key(path: Path) -> bytes:
    """The bytes of a key file without its last newline. Raises ProofError where they are too few for a secret."""
    key = path.read_bytes().rstrip(b"\r\n")
    if len(key) < _LEAST_KEY_BYTES:
        raise ProofError(f"{path}: a key must have at least {_LEAST_KEY_BYTES} bytes, had {len(key)}")
    return key


def sign(report: Mapping[str, Any], key: bytes | None) -> dict[str, Any]:
    """The report with its signature: HMAC-SHA256 of its canonical JSON. Only who has the key can make or check it."""
    body = {name: value for name, value in report.items() if name != "signature"}
    if key is None:
        return {**body, "signature": {"kind": "none", "note": UNSIGNED}}
    return {**body, "signature": {"kind": "hmac-sha256", "value": _mac(body, key)}}


def check_signature(report: Mapping[str, Any], key: bytes | None) -> str | None:
    """What is wrong with a report's signature; None where nothing is, or nothing was asked."""
    signature = report.get("signature")
    if not isinstance(signature, dict):
        return "the report has no signature entry"
    if key is None:
        return None
    if signature.get("kind") != "hmac-sha256":
        return "the report is not signed"
    body = {name: value for name, value in report.items() if name != "signature"}
    if not hmac.compare_digest(str(signature.get("value")), _mac(body, key)):
        return "the signature is not of this report and this key"
    return None


def _mac(body: Mapping[str, Any], key: bytes) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
