"""Where the Kafka client library is: the one inside the confluent-kafka wheel, unless told otherwise."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from hftcore.errors import MissingExtraError

ENVIRONMENT = "HFTCORE_LIBRDKAFKA"


def librdkafka_path() -> str:
    """Path of librdkafka, for the daemon and for `hftcore._core.kafka`.

    Returns
    -------
    path : str
        What the environment variable ``HFTCORE_LIBRDKAFKA`` names; else the library in the confluent-kafka wheel; else,
        where confluent-kafka was built on this machine and carries none, the system's ``librdkafka.so.1``.

    Raises
    ------
    MissingExtraError
        If confluent-kafka is not installed and the variable is not set.
    """
    named = os.environ.get(ENVIRONMENT)
    if named:
        return named
    spec = importlib.util.find_spec("confluent_kafka")
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            f"confluent-kafka is not installed: pip install 'hftcore[kafka]', or set {ENVIRONMENT} to a librdkafka"
        )
    found = sorted((Path(spec.origin).parents[1] / "confluent_kafka.libs").glob("librdkafka*.so*"))
    return str(found[0]) if found else "librdkafka.so.1"
