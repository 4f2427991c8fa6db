"""Kinds of server that tests run: an environment of `environments/`, and an app of `apps/`."""

SERVERS = [
    ("newest", "chat_asgi.py"),
    ("newest", "chat_threaded.py"),
    ("newest", "chat_flask.py"),
    ("oldest", "chat_asgi.py"),
    ("oldest", "chat_threaded.py"),
]
# had no WebSocket then
POLLING = {("oldest", "chat_threaded.py")}
