"""`@socket.io/redis-streams-adapter`: events are stored, so pods catch up after an outage of the broker."""

from socketio_operator.desired.adapters.base import AdapterKind

ADAPTER = AdapterKind(name="redis-streams", stores_events=True)
