"""`@socket.io/redis-adapter`: pub/sub; events during an outage of the broker are lost."""

from socketio_operator.desired.adapters.base import REDIS_SCHEMES, AdapterKind

ADAPTER = AdapterKind(name="redis", schemes=REDIS_SCHEMES)
