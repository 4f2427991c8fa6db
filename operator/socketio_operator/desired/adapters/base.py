"""What tells one adapter from another."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AdapterKind:
    """An adapter of Socket.IO. `stores_events`: the broker keeps events, so its data should outlive a restart."""

    name: str
    stores_events: bool
