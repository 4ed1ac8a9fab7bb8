"""A model on bars in the stream's engines: any split, with the state saved and loaded between, is the replay."""

from __future__ import annotations

from pathlib import Path

from hftcore.proof.chaos.model import busy_artifact

from .streaming import expected, make_topic
from .test_stream_native import played


def test_a_model_of_bars_gives_the_frames_of_its_replay(tmp_path: Path) -> None:
    model = busy_artifact(tmp_path / "bars.hft", with_bars=True)
    topic = make_topic(3, 4_000, "packed")
    right, _ = expected(topic, model, "symbol")
    for size in (40, 1_000):
        frames, counts, _ = played(topic, model, topic.settings(n_buckets=3), size)
        assert frames == {symbol: bytes_ for symbol, bytes_ in right.items() if bytes_}
        assert counts["decisions"] > 100
        assert counts["gaps"] > 5
