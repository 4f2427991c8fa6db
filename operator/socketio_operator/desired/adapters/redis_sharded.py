"""`@socket.io/redis-adapter`, sharded pub/sub: a channel for each room, so that pods hear less in vain."""

from socketio_operator.desired.adapters.base import REDIS_SCHEMES, AdapterKind

ADAPTER = AdapterKind(name="redis-sharded", schemes=REDIS_SCHEMES)
