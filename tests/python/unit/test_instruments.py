from __future__ import annotations

from fractions import Fraction

import pytest

import hftcore as hc
from hftcore.errors import EventError

AIG = hc.Instrument("AIG", (1, 100), (1, 1), 1, 50_000)


def test_steps_are_stored_in_lowest_terms() -> None:
    assert hc.Instrument("A", (5, 100), (10, 1000)).tick == (1, 20)
    assert hc.Instrument("A", (5, 100)) == hc.Instrument("A", (1, 20))


@pytest.mark.parametrize(
    ("text", "size"), [("0.01", (1, 100)), ("0.00000001", (1, 10**8)), ("25", (25, 1)), ("0.03125", (1, 32))]
)
def test_a_step_reads_and_prints_as_decimal_text(text: str, size: tuple[int, int]) -> None:
    instrument = hc.Instrument.of("A", text, text)
    assert instrument.tick == size
    assert instrument.tick_size == Fraction(text) == instrument.lot_size
    assert (instrument.tick_text, instrument.lot_text) == (text, text)


def test_a_step_that_is_no_decimal_prints_as_a_fraction() -> None:
    assert hc.Instrument("A", (1, 3)).tick_text == "1/3"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("",), "symbol"),
        (("A B",), "'A B'"),
        (("A" * 33,), "1 to 32"),
        (("A", (0, 100)), "tick_num must be >= 1, was 0"),
        (("A", (1, -100)), "tick_den must be >= 1, was -100"),
        (("A", (1, 100), (0, 1)), "lot_num must be >= 1, was 0"),
        (("A", (1, 100), (1, 1), 5, 4), "max_px_ticks must be >= min_px_ticks"),
        (("A", (1, 100), (1, 1), 1, 2**60), "max_px_ticks must be <= 2^53"),
        (("A", (0.01, 1)), "integers"),
        (("A", 0.01), "integers"),
    ],
)
def test_a_broken_rule_names_the_rule_and_the_value(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(EventError) as caught:
        hc.Instrument(*arguments)  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_a_float_step_is_refused_because_it_is_not_exact() -> None:
    with pytest.raises(EventError, match=r"tick must be exact: text such as '0.01', was float 0.01"):
        hc.Instrument.of("A", 0.01)  # type: ignore[arg-type]


def test_the_index_of_a_symbol_is_its_id() -> None:
    table = hc.InstrumentTable([hc.Instrument("B"), AIG])
    assert [table.index("B"), table.index("AIG"), table.index(AIG)] == [0, 1, 1]
    assert table.symbols == ("B", "AIG")
    assert "AIG" in table.ids
    assert "C" not in table.ids
    assert table[1] is AIG
    assert len(table) == 2


def test_an_unknown_symbol_names_those_that_are_known() -> None:
    with pytest.raises(EventError, match="no instrument 'X'; the table has AIG"):
        hc.InstrumentTable([AIG]).index("X")


def test_a_symbol_that_occurs_twice_is_refused_with_both_places() -> None:
    with pytest.raises(EventError, match="'AIG' occurs twice, at 0 and 2"):
        hc.InstrumentTable([AIG, hc.Instrument("B"), AIG])


def test_json_returns_the_same_table_and_hash() -> None:
    table = hc.InstrumentTable([AIG, hc.Instrument("B", (1, 32), (1, 1000))])
    again = hc.InstrumentTable.from_json(table.to_json())
    assert again == table
    assert again.sha256 == table.sha256
    assert table.to_json().startswith(
        '[{"lot":[1,1],"max_px_ticks":50000,"min_px_ticks":1,"symbol":"AIG","tick":[1,100]}'
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("{}", "expected a JSON list"),
        ('[{"symbol":"A"}]', "instruments[0]"),
        ("[1]", "instruments[0]"),
    ],
)
def test_text_that_is_no_table_is_refused(text: str, words: str) -> None:
    with pytest.raises(EventError) as caught:
        hc.InstrumentTable.from_json(text)
    assert words in str(caught.value)


def test_merging_keeps_ids_and_takes_the_wider_bounds() -> None:
    ours = hc.InstrumentTable([AIG])
    merged = ours.merged(hc.InstrumentTable([hc.Instrument("B"), hc.Instrument("AIG", (1, 100), (1, 1), 3, 60_000)]))
    assert merged.symbols == ("AIG", "B")
    assert (merged[0].min_px_ticks, merged[0].max_px_ticks) == (1, 60_000)


def test_merging_refuses_another_tick_of_the_same_symbol() -> None:
    with pytest.raises(EventError, match=r"'AIG' has tick 0.01 and lot 1 in one table, tick 0.05 and lot 1 in another"):
        hc.InstrumentTable([AIG]).merged(hc.InstrumentTable([hc.Instrument("AIG", (1, 20))]))
