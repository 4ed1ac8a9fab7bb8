"""The registry and what derives from it."""

from __future__ import annotations

from pathlib import Path

import pytest

import hftcore as hc
from hftcore import registry
from hftcore.errors import SpecError

ROOT = Path(__file__).parents[3]


def test_explain_says_formula_parameters_and_page() -> None:
    text = registry.explain("rsi")
    for part in ("rsi (rev 2)", "100 (U / (U + D))", "flat", "default 50.0", "TA-Lib", "docs/features/rsi.md"):
        assert part in text
    with pytest.raises(SpecError, match="did you mean 'rsi'"):
        registry.explain("rsii")


@pytest.mark.parametrize("op", list(registry.operations().values()), ids=lambda op: op.name)
def test_every_operation_has_a_page_that_names_its_parameters(op: registry.Operation) -> None:
    if not (ROOT / "docs").is_dir():
        pytest.skip("the documentation is not part of this installation")
    page = (ROOT / op.page).read_text()
    assert page.startswith(f"# {op.name}\n")
    for section in ("Formula", "Inputs", "Parameters", "Warm-up", "NaN and flat", "Reference", "Elsewhere"):
        assert f"\n## {section}\n" in page
    for param in op.params:
        assert f"`{param.name}`" in page
    assert op.standalone in page


def test_every_series_is_an_input() -> None:
    for series in registry.series().values():
        spec = hc.FeatureSpec("x", [hc.rolling_max(series.name, window=2)])
        assert spec.columns[0].unit == series.unit
        assert spec.columns[0].clock == series.clock
