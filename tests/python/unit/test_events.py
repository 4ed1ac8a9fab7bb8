from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core
from hftcore.errors import EventError
from hftcore.events import EventKind, Flag, Side

TAPE = Path(__file__).parents[2] / "data" / "tiny_tape"


@pytest.fixture
def events() -> hc.Events:
    return hc.read_events(TAPE)


def test_an_event_is_one_cache_line_and_its_payloads_overlap() -> None:
    assert hc.EVENT_DTYPE.itemsize == 64
    assert hc.EVENT_DTYPE.fields is not None
    assert [hc.EVENT_DTYPE.fields[name][1] for name in ("bid_px_ticks", "px_ticks", "ask_px_ticks", "update_id")] == [
        32,
        32,
        48,
        48,
    ]


def test_data_is_read_only_contiguous_and_at_a_cache_line(events: hc.Events) -> None:
    for view in (events, events[3:], events[::2], events[events.data["kind"] == EventKind.TRADE]):
        assert view.data.ctypes.data % 64 == 0
        assert view.data.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            view.data["px_ticks"][0] = 1


def test_memory_that_is_not_aligned_is_copied_and_keeps_every_byte(events: hc.Events) -> None:
    raw = np.zeros(64 * (len(events) + 1), np.uint8)
    shifted = raw[8 : 8 + 64 * len(events)].view(hc.EVENT_DTYPE)
    shifted[:] = events.data
    assert hc.Events(shifted, events.instruments).data.tobytes() == events.data.tobytes()


def test_one_event_has_the_fields_of_its_record_and_its_symbol(events: hc.Events) -> None:
    quote = events[0]
    assert (quote.symbol, quote.kind, quote.bid_px_ticks, quote.ask_qty_lots) == ("AAA", EventKind.QUOTE, 1000, 200)
    assert quote.record.shape == (1,)
    assert quote.record.ctypes.data % 64 == 0
    trade = events[-1]
    assert (trade.symbol, trade.kind, trade.side, trade.qty_lots) == ("BBB", EventKind.TRADE, Side.BUY, 7)
    assert events[np.int64(0)] == quote != trade


def test_iterating_gives_every_event_in_order(events: hc.Events) -> None:
    assert [event.source_seq for event in events] == list(range(len(events)))


@pytest.mark.parametrize("at", [10, -11])
def test_an_index_outside_is_an_index_error(events: hc.Events, at: int) -> None:
    with pytest.raises(IndexError, match=f"event {at} of 10"):
        events[at]


def test_indices_slices_and_masks_pick_the_same_events(events: hc.Events) -> None:
    whole = events.data.tobytes()
    assert events[2:4].data.tobytes() == whole[128:256]
    assert events[np.array([2, 3])] == events[2:4] == events[np.array([-8, -7])]
    mask = np.zeros(len(events), np.bool_)
    mask[2:4] = True
    assert events[mask] == events[2:4]
    with pytest.raises(IndexError):
        events[np.array([10])]


def test_select_takes_symbols_and_a_half_open_time_range(events: hc.Events) -> None:
    start = 1381152600002000000
    chosen = events.select("AAA", start_ns=start, end_ns=start + 2_000_000)
    assert len(chosen) == 2
    assert set(chosen.data["ts_event_ns"]) == {start}
    assert chosen.instruments == events.instruments
    assert len(events.select(["AAA", "BBB"])) == len(events)
    with pytest.raises(EventError, match="no instrument 'CCC'"):
        events.select("CCC")


def test_slices_of_one_stream_concatenate_to_the_same_bytes(events: hc.Events) -> None:
    assert hc.Events.concat([events[:3], events[3:3], events[3:]]) == events


def test_concat_remaps_symbol_ids_and_renumbers_clashing_streams() -> None:
    table = hc.InstrumentTable([hc.Instrument("AAA", (1, 100))])
    other = hc.InstrumentTable([hc.Instrument("BBB", (1, 20)), hc.Instrument("AAA", (1, 100))])
    data = _core.event.empty_events(2)
    data["kind"] = EventKind.TRADE
    data["symbol_id"] = 0
    data["source_seq"] = [5, 6]
    remapped = data.copy()
    remapped["symbol_id"] = [0, 1]
    both = hc.Events.concat([hc.Events(data, table), hc.Events(remapped, other)])
    assert [event.symbol for event in both] == ["AAA", "AAA", "BBB", "AAA"]
    assert both.data["source_seq"].tolist() == [0, 1, 2, 3]
    assert len(hc.Events.concat([])) == 0


def test_concat_refuses_two_ticks_of_one_symbol() -> None:
    parts = [hc.Events(_core.event.empty_events(0), [hc.Instrument("A", (1, den))]) for den in (100, 20)]
    with pytest.raises(EventError, match="'A' has tick"):
        hc.Events.concat(parts)


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((2, 2), hc.EVENT_DTYPE), [1, 2]])
def test_an_array_of_another_kind_is_refused(bad: object) -> None:
    with pytest.raises(EventError, match=r"shape \(n,\) and dtype EVENT_DTYPE"):
        hc.Events(bad, [hc.Instrument("A")])  # type: ignore[arg-type]


def test_a_symbol_id_without_instrument_is_refused_with_its_event() -> None:
    data = _core.event.empty_events(3)
    data["symbol_id"][2] = 7
    with pytest.raises(EventError, match="event 2: symbol_id 7 has no instrument, the table has 1"):
        hc.Events(data, [hc.Instrument("A")])


def test_arrow_holds_integers_and_exact_decimals_and_nulls_where_a_kind_has_no_column(events: hc.Events) -> None:
    table = events.to_arrow()
    row = {name: table[name].to_pylist() for name in table.column_names}
    assert row["kind"][:2] == ["quote", "quote"]
    assert (row["bid_px"][0], row["bid_px_ticks"][0], row["px"][0], row["update_id"][0]) == (10.0, 1000, None, None)
    trade = row["kind"].index("trade")
    assert (row["px"][trade], row["px_ticks"][trade], row["side"][trade], row["ask_px"][trade]) == (
        10.0,
        1000,
        "S",
        None,
    )
    one_sided = row["flags"].index(int(Flag.SUSPICIOUS))
    assert (row["bid_px"][one_sided], row["bid_qty"][one_sided], row["ask_px"][one_sided]) == (None, 0.0, 10.02)


def test_pandas_keeps_integers_that_may_be_missing_as_integers(events: hc.Events) -> None:
    frame = events.to_pandas()
    assert str(frame["bid_px_ticks"].dtype) == "Int64"
    assert frame["px"].notna().sum() == 4
    assert hc.read_events(frame) == events


def test_an_empty_stream_still_has_columns() -> None:
    nothing = hc.Events(_core.event.empty_events(0), [])
    assert nothing.to_arrow().num_rows == 0
    assert "px" in nothing.to_arrow().column_names
    assert list(nothing) == []


def test_the_text_says_what_and_where_from(events: hc.Events) -> None:
    assert repr(events) == "<Events: 10 of AAA, BBB; tiny_tape: 3 files>"


def test_a_packed_file_returns_the_same_events_and_instruments(events: hc.Events, tmp_path: Path) -> None:
    path = tmp_path / "tape.hftp"
    events.to_packed(path)
    assert hc.Events.from_packed(path) == events
    assert hc.read_events(path) == events
    assert hc.read_events(path, symbols="BBB") == events.select("BBB")
    assert hc.read_events(path, instruments=events.instruments) == events


def test_packed_files_of_a_folder_merge_in_time(events: hc.Events, tmp_path: Path) -> None:
    events.select("BBB").to_packed(tmp_path / "a.hftp")
    events.select("AAA").to_arrow().to_pandas().to_parquet(tmp_path / "b.parquet")
    merged = hc.read_events(tmp_path, instruments=events.instruments)
    assert sorted(merged.data["ts_event_ns"]) == merged.data["ts_event_ns"].tolist()
    assert merged.select("BBB").data["px_ticks"].tolist() == events.select("BBB").data["px_ticks"].tolist()


def test_a_torn_packed_file_is_an_error_with_its_name(events: hc.Events, tmp_path: Path) -> None:
    path = tmp_path / "tape.hftp"
    events.to_packed(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(EventError, match=r"tape.hftp: "):
        hc.read_events(path)
    with pytest.raises(EventError, match=r"missing.hftp"):
        hc.Events.from_packed(tmp_path / "missing.hftp")
