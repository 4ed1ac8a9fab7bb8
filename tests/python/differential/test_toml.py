"""The TOML reader of the daemon, held against tomllib."""

from __future__ import annotations

import json
import math
import random
import tomllib
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftcore import _core

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
keys = st.text("abcXYZ019_-", min_size=1, max_size=4) | texts
scalars = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.booleans() | texts


def basic(text: str) -> str:
    out = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if ord(c) < 0x20 or ord(c) == 0x7F else c for c in out)


def literal(value: Any) -> str:
    """A value as TOML, in one of the spellings there are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{basic(k)} = {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f" {literal(v)}, # item\n" for v in value) + "]"
    if isinstance(value, str):
        plain = all(ord(c) >= 0x20 and c not in "'\x7f" for c in value)
        return f"'{value}'" if plain and len(value) % 2 else basic(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return hex(value) if value >= 0 and value % 3 == 0 else f"{value:_d}"
    return repr(value)


values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=3), max_leaves=8)
short_paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3)  # so that they meet
kinds = st.sampled_from(["pair", "dotted", "table", "list"])
one_key = st.lists(keys, min_size=1, max_size=1)
pieces = st.lists(
    st.tuples(kinds, short_paths, values) | st.tuples(st.just("pair"), one_key, values),
    max_size=8,
)


def document(parts: list[tuple[str, list[str], Any]]) -> str:
    lines = []
    for kind, path, value in parts:
        name = ".".join(basic(key) if not key.isascii() or not key.isalnum() else key for key in path)
        match kind:
            case "table":
                lines.append(f"[{name}]")
            case "list":
                lines.append(f"[[{name}]] # items")
            case "dotted":
                lines.append(f"{name.replace('.', ' . ')} = {literal(value)}")
            case _:
                lines.append(f"{name} = {literal(value)}")
    return "\n".join(lines) + "\n"


def theirs(text: str) -> Any:
    """What tomllib makes of it; None where it refuses, or where it finds what our reader leaves out by design."""
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return None if left_out(found) else found


def left_out(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(left_out, value.values()))
    if isinstance(value, list):
        return any(map(left_out, value))
    if isinstance(value, int):
        return not -(2**63) <= value < 2**63
    return isinstance(value, (date, datetime, time))


def ours(text: str) -> Any:
    try:
        return json.loads(_core.config.parse_toml(text.encode()))
    except ValueError:
        return None


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and bool(a == b)


@given(pieces)
def test_documents_mean_what_tomllib_says(parts: list[tuple[str, list[str], Any]]) -> None:
    text = document(parts)
    assert same(ours(text), theirs(text)), text


WHOLE = """# every kind
a.b = 1_000
"q r".'s' = 0x1F
t = ['x', "y\\u00e9\\n", '''l
m''', \"\"\"
n \\
   o""\"\"\"]
f = [1.5, -2e3, +0.0, inf, -nan, 1e1_0]
i = {p = true, q.r = false, s = {}}
[u.v]
w = 0b101
[u]
x = 0o17
[[y]]
z = 1
[[y]]
[y.k]
z = [ # c
 {a = 1}, ]
"""


def test_one_document_with_everything_in_it() -> None:
    assert theirs(WHOLE) is not None
    assert same(ours(WHOLE), theirs(WHOLE))
    assert same(ours(WHOLE.replace("\n", "\r\n")), theirs(WHOLE.replace("\n", "\r\n")))


def test_damaged_documents_are_read_or_refused_alike() -> None:
    rng = random.Random(5)
    n_taken = 0
    for _ in range(20_000):
        text = list(WHOLE)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(text))
            match rng.randrange(3):
                case 0:
                    text[at] = rng.choice(WHOLE + "\x00\x7f\t\r😀:TZ")
                case 1:
                    del text[at]
                case _:
                    text.insert(at, rng.choice(WHOLE))
        mutant = "".join(text)
        expected = theirs(mutant)
        n_taken += expected is not None
        assert same(ours(mutant), expected), mutant
    assert n_taken > 1000


@pytest.mark.parametrize("text", ["d = 1979-05-27", "d = 07:32:00", "d = 1979-05-27T07:32:00Z"])
def test_dates_are_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="1:5: found a date or a time"):
        _core.config.parse_toml(text.encode())
