"""`@socket.io/mongo-adapter`: change streams of a MongoDB replica set that exists already."""

from socketio_operator.desired.adapters.base import AdapterKind

ADAPTER = AdapterKind(name="mongo", schemes=("mongodb", "mongodb+srv"))
