"""The same chat with threads, under Werkzeug's server."""

import json
import os
import signal
import sys
import uuid

import socketio
from werkzeug.serving import run_simple

options = json.loads(os.environ.get("APP_OPTIONS", "{}"))
if os.environ.get("APP_MANAGER") == "own":
    options["client_manager"] = socketio.Manager()
if os.environ.get("APP_MANAGER") == "redis":
    options["client_manager"] = socketio.RedisManager(os.environ["APP_BROKER"], os.environ["APP_CHANNEL"])
io = socketio.Server(async_mode="threading", **options)
app = socketio.WSGIApp(io)

if os.environ.get("APP_IDS") == "own":
    io.eio.generate_id = lambda: f"own-{uuid.uuid4()}"

if "APP_NOSY" in os.environ:
    for event in ("connect", "disconnect", "*"):
        for namespace in ("/", "*"):
            io.on(event, lambda *args: print("the app saw", args, flush=True), namespace=namespace)


@io.event
def say(sid, text):
    io.emit("said", text)


@io.event
def join(sid, room):
    io.enter_room(sid, room)
    return room


@io.event
def tell(sid, room, text):
    io.emit("told", text, room=room)


@io.event
def manager(sid):
    return [type(io.manager).__name__, io.eio.ping_interval, io.eio.ping_timeout, io.eio.max_http_buffer_size]


def on_sigterm(*_):
    print("the app's handler ran", flush=True)
    if os.environ["APP_SIGTERM"] == "exit":
        sys.exit(7)


if __name__ == "__main__":
    if "APP_SIGTERM" in os.environ:
        signal.signal(signal.SIGTERM, on_sigterm)
    run_simple(os.environ["HOST"], int(os.environ["PORT"]), app, threaded=True)
