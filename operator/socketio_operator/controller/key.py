"""The name of one cluster, by which everything about it is kept and queued."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One SocketIOCluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
