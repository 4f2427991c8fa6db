"""Socket.IO's in-memory adapter: broadcasts stay on one pod."""

from socketio_operator.desired.adapters.base import AdapterKind

ADAPTER = AdapterKind(name="none")
