"""The process that reads a Treelite checkpoint: ``python -m hftcore.forest.treelite_child PATH``.

Damaged bytes may crash it, or ask for memory without bounds; it writes a line of JSON and a flat forest, or a reason
and exit code 1.
"""

from __future__ import annotations

import json
import resource
import sys

import treelite

from hftcore.errors import ModelMismatchError
from hftcore.forest.treelite_reader import flat_of_treelite, words_of

_MAX_BYTES = 16 << 30


def main(path: str) -> int:
    """Write what the checkpoint holds to standard output; the exit code says whether it could be read."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        model = treelite.Model.deserialize(path)
        answer = json.dumps(words_of(model)).encode() + b"\n" + flat_of_treelite(model).to_bytes()
    except (ModelMismatchError, treelite.TreeliteError, MemoryError, ValueError, LookupError) as error:
        sys.stdout.write(" ".join(str(error).split()))
        return 1
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
