"""Draw the README's picture from a report: python tools/draw_data_path.py build/demo/report.json docs/data-path.svg."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

BOXES = ("bytes", "Event, 64 B", "hot thread", "feature row", "class scores", "intent", "verdict", "journal")
ARROWS = ("decode", "ring", "features", "model", "decision", "risk", "journal")
BOX_W, GAP, TOP, BOX_H, MARGIN = 92, 66, 58, 46, 14


def nanoseconds(value: float) -> str:
    return f"{value:,.0f} ns" if value < 10_000 else f"{value / 1000:,.1f} us"


def draw(report: dict[str, Any]) -> str:
    """The path as SVG text: one box per form of the data, on each arrow the stage and its median."""
    stages = report["latency"]["stages"]
    width = 2 * MARGIN + len(BOXES) * BOX_W + len(ARROWS) * GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 196" role="img" font-family="sans-serif" '
        'font-size="13" aria-label="The data path from bytes to journal, with the median time of each stage">',
        f'<rect width="{width}" height="196" rx="10" fill="#ffffff"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#44546a"/></marker></defs>',
        f'<text x="{MARGIN}" y="26" fill="#44546a">ingest thread</text>',
        f'<text x="{MARGIN + 2 * (BOX_W + GAP)}" y="26" fill="#44546a">hot thread: no allocation, no lock</text>',
        f'<text x="{width - MARGIN}" y="26" fill="#44546a" text-anchor="end">journal thread</text>',
    ]
    for i, label in enumerate(BOXES):
        x = MARGIN + i * (BOX_W + GAP)
        parts.append(
            f'<rect x="{x}" y="{TOP}" width="{BOX_W}" height="{BOX_H}" rx="6" fill="#e8f0fa" stroke="#2f6db5"/>'
            f'<text x="{x + BOX_W / 2}" y="{TOP + 28}" text-anchor="middle" fill="#10233f">{label}</text>'
        )
    for i, stage in enumerate(ARROWS):
        x = MARGIN + i * (BOX_W + GAP) + BOX_W
        middle = x + GAP / 2
        parts.append(
            f'<line x1="{x + 2}" y1="{TOP + BOX_H / 2}" x2="{x + GAP - 2}" y2="{TOP + BOX_H / 2}" stroke="#44546a" '
            f'stroke-width="1.6" marker-end="url(#tip)"/>'
            f'<text x="{middle}" y="{TOP + BOX_H + 20}" text-anchor="middle" fill="#10233f">{stage}</text>'
            f'<text x="{middle}" y="{TOP + BOX_H + 38}" text-anchor="middle" fill="#b3460f" font-weight="bold">'
            f"{nanoseconds(stages[stage]['p50'])}</text>"
        )
    whole, rate = stages["tick_to_decision"], report["latency"]["rate_hz"]
    parts.append(
        f'<text x="{width / 2}" y="180" text-anchor="middle" fill="#10233f">'
        f"tick to decision, {rate:,.0f} events/s offered: "
        f"p50 {nanoseconds(whole['p50'])}, p99 {nanoseconds(whole['p99'])}, p99.9 {nanoseconds(whole['p99_9'])}"
        f" · {report['data_source'].split(';')[0]}</text></svg>\n"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(json.loads(Path(sys.argv[1]).read_text())))
