"""Registry of adapters: one file an adapter, one line here."""

from socketio_operator.desired.adapters import mongo, none, postgres, redis, redis_sharded, redis_streams
from socketio_operator.desired.adapters.base import AdapterKind

ADAPTERS: dict[str, AdapterKind] = {
    kind.name: kind
    for kind in (
        redis.ADAPTER,
        redis_sharded.ADAPTER,
        redis_streams.ADAPTER,
        postgres.ADAPTER,
        mongo.ADAPTER,
        none.ADAPTER,
    )
}

__all__ = ["ADAPTERS", "AdapterKind"]
