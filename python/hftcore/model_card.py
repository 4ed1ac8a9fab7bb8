"""``model_card.md``: what a model is, for people. Generated from the manifest and the training report alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_UNKNOWN = "not recorded"
_RULES = {
    "identity": "scores are the margins",
    "sigmoid": "p(last class) = 1 / (1 + exp(-alpha m)), p(first) = 1 - p(last)",
    "softmax": "p_k = exp(m_k) / sum_j exp(m_j)",
    "one_vs_rest_normalised": "p_k = s_k / sum_j s_j with s_k = 1 / (1 + exp(-alpha m_k))",
}


def render_card(
    manifest: Mapping[str, Any], training: Mapping[str, Any], spec_name: str, facts: Mapping[str, Any]
) -> str:
    """The text of the card.

    Parameters
    ----------
    manifest : mapping
        The manifest's fields, all but the hash of the card itself.
    training : mapping
        The training report, which may be empty.
    spec_name : str
    facts : mapping
        ``n_nodes``, ``n_margins`` and the reference of the probes in words.

    Returns
    -------
    text : str
        Markdown; the same model gives the same text.
    """
    name, version = manifest["trainer"]["name"], manifest["trainer"]["version"]
    lines = [
        f"# {spec_name}",
        "",
        f"Model `{manifest['model_id']}`: {manifest['n_trees']} trees over {len(manifest['feature_names'])} features, "
        f"{len(manifest['classes'])} classes.",
        "",
        "| | |",
        "|---|---|",
        f"| trained by | {name} {version} |",
        f"| training window (UTC) | {_window(manifest['training_window_ns'])} |",
        f"| data fingerprint | {_code(manifest['data_fingerprint'])} |",
        f"| seed | {_text(manifest['seed'])} |",
        *[f"| {label} | {_text(training.get(key))} |" for key, label in _REPORTED if key in training],
        f"| feature spec | `{manifest['spec_sha256']}` |",
        f"| classes, in the order of the scores | {', '.join(map(str, manifest['classes']))} |",
        f"| output rule | {manifest['output_rule']}: {_RULES[manifest['output_rule']]}; alpha {manifest['alpha']:g} |",
        f"| splits | {manifest['threshold_type']}; NaN is missing |",
        f"| margins | {facts['n_margins']}, summed in {manifest['sum_rule']}, in the order of the trees |",
        f"| nodes | {facts['n_nodes']} |",
        f"| engines | {_engines(manifest['compiled'])} |",
        f"| probes | {manifest['n_probes']} rows, to be met in bits; margins from {facts['reference']} |",
        f"| made with | {', '.join(f'{library} {v}' for library, v in sorted(manifest['versions'].items()))} |",
        "",
        "## Features",
        "",
        "In the order of the columns; importance is the share of the loss reduction.",
        "",
        "| # | feature | importance |",
        "|---|---|---|",
        *[f"| {i} | `{f}` | {manifest['importance'][f]:.2%} |" for i, f in enumerate(manifest["feature_names"])],
        "",
        "## Check it",
        "",
        "```",
        "hftcore verify MODEL              # every engine of this host against the reference, bit by bit",
        "hftcore verify MODEL EVENTS       # and the features from events, along every path",
        "```",
        "",
    ]
    return "\n".join(lines)


_REPORTED = (
    ("n_rows", "training rows"),
    ("n_rows_of_class", "training rows of each class"),
    ("symbols", "symbols"),
    ("parameters", "parameters"),
)


def _window(window: Any) -> str:
    if window is None:
        return _UNKNOWN
    return " to ".join(_time(int(ns)) for ns in window)


def _time(ns: int) -> str:
    try:
        return datetime.fromtimestamp(ns // 1_000_000_000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{ns} ns"


def _text(value: Any) -> str:
    """One cell of a table, whatever a report holds."""
    if isinstance(value, Mapping):
        value = ", ".join(f"{key} {item}" for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    return _UNKNOWN if value is None else " ".join(str(value).replace("|", "/").split())


def _code(value: Any) -> str:
    return _UNKNOWN if value is None else f"`{_text(value)}`"


def _engines(compiled: Mapping[str, str] | None) -> str:
    if compiled is None:
        return "kernel"
    return f"kernel; compiled for {compiled['platform']} by {compiled['compiler']}, where it is permitted"
