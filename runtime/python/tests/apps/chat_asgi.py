"""A chat as a team might have it, with asyncio. It knows nothing of the runtime; the variables APP_* choose among
habits that real apps have."""

import json
import os
import sys
import uuid

import socketio

options = json.loads(os.environ.get("APP_OPTIONS", "{}"))
if os.environ.get("APP_MANAGER") == "own":
    options["client_manager"] = socketio.AsyncManager()
if os.environ.get("APP_MANAGER") == "redis":
    options["client_manager"] = socketio.AsyncRedisManager(os.environ["APP_BROKER"], os.environ["APP_CHANNEL"])


class Chat(socketio.AsyncServer):
    """Apps derive from the server."""


io = Chat(async_mode="asgi", **options)
app = socketio.ASGIApp(io)

if os.environ.get("APP_IDS") == "own":
    io.eio.generate_id = lambda: f"own-{uuid.uuid4()}"

if "APP_NOSY" in os.environ:
    for event in ("connect", "disconnect", "*"):
        for namespace in ("/", "*"):
            io.on(event, lambda *args: print("the app saw", args, flush=True), namespace=namespace)


@io.event
async def say(sid, text):
    await io.emit("said", text)


@io.event
async def join(sid, room):
    entering = io.enter_room(sid, room)
    if entering is not None:  # a coroutine since 5.10
        await entering
    return room


@io.event
async def tell(sid, room, text):
    await io.emit("told", text, room=room)


@io.event
async def manager(sid):
    return [type(io.manager).__name__, io.eio.ping_interval, io.eio.ping_timeout, io.eio.max_http_buffer_size]


def on_sigterm(*_):
    print("the app's handler ran", flush=True)
    if os.environ["APP_SIGTERM"] == "exit":
        sys.exit(7)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), log_level="warning")
