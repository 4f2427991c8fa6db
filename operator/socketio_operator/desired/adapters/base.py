"""What tells one adapter from another."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AdapterKind:
    """An adapter of Socket.IO.

    `schemes`: URL schemes of its broker. `stores_events`: the broker keeps events; its data should outlive a restart.
    """

    name: str
    schemes: tuple[str, ...] = ()
    stores_events: bool = False


REDIS_SCHEMES = ("redis", "rediss")
