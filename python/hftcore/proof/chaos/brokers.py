"""Brokers that are not ours: topics can be made there, and nothing be killed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hftcore.kafka.admin import Admin, wait_until_led

_PATIENCE_S = 30.0


class Brokers(Protocol):
    """What every round needs of a cluster, hurt or not."""

    @property
    def bootstrap(self) -> str: ...
    def create_topic(
        self, name: str, partitions: int = 1, replication: int = 3, config: Mapping[str, str] | None = None
    ) -> None: ...
    def delete_topics(self, *names: str) -> None: ...
    def heal(self) -> None: ...


class ForeignBrokers:
    """A running cluster that is known by its address alone."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin = Admin(bootstrap)
        self._replication = min(3, len(self._admin.brokers(_PATIENCE_S)))

    @property
    def bootstrap(self) -> str:
        """``bootstrap.servers`` of a client."""
        return self._bootstrap

    def create_topic(
        self, name: str, partitions: int = 1, replication: int = 3, config: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic, replicated as often as there are brokers; return when its partitions have leaders."""
        replication = min(replication, self._replication)
        settings = {**(config or {}), "min.insync.replicas": str(min(2, replication))}
        self._admin.create_topic(name, partitions, replication, settings)
        wait_until_led(self._bootstrap.split(","), name, partitions, _PATIENCE_S)

    def delete_topics(self, *names: str) -> None:
        """Delete topics with all that they hold."""
        self._admin.delete_topics(names)

    def heal(self) -> None:
        """Nothing was hurt."""
