"""What a worker raised, as the user should see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from hftcore import errors

_RAISED = re.compile(r"^(?:pyspark\S*: )?hftcore\.errors\.(\w+): (.+)$", re.MULTILINE)


@contextmanager
def worker_errors() -> Iterator[None]:
    """Turn what hftcore raised in a worker into that very error, around an action on ``features(...)``.

    Spark reports it as the text of a Python traceback inside a Java stack::

        with hs.worker_errors():
            rows.write.parquet(path)

    Raises
    ------
    HftError
        The worker's: same class, same sentence, with Spark's exception as its cause.
    """
    try:
        yield
    except errors.HftError:
        raise
    except Exception as error:
        found = _RAISED.findall(str(error))
        kind = getattr(errors, found[-1][0], None) if found else None
        if kind is None:
            raise
        raise kind(found[-1][1].strip()) from error
