"""`@socket.io/redis-streams-adapter`: events are stored, so pods catch up after an outage of the broker."""

from socketio_operator.desired.adapters.base import REDIS_SCHEMES, AdapterKind

ADAPTER = AdapterKind(name="redis-streams", schemes=REDIS_SCHEMES, stores_events=True)
