"""`@socket.io/postgres-adapter`: LISTEN/NOTIFY of a PostgreSQL that exists already."""

from socketio_operator.desired.adapters.base import AdapterKind

ADAPTER = AdapterKind(name="postgres", schemes=("postgres", "postgresql"))
