"""Registry of adapters: one file an adapter, one line here."""

from socketio_operator.desired.adapters import none, redis, redis_streams
from socketio_operator.desired.adapters.base import AdapterKind

ADAPTERS: dict[str, AdapterKind] = {kind.name: kind for kind in (redis.ADAPTER, redis_streams.ADAPTER, none.ADAPTER)}

__all__ = ["ADAPTERS", "AdapterKind"]
