"""A chat in one room: every message goes to everybody, whichever pod they are connected to.

There is no word here about adapters, health or shutdown: the runtime that the operator brings into the pod adds them.
"""

import os
import socket
from typing import Any

import socketio
import uvicorn
from pages import pages

TEXT_LENGTH = 500
NAME_LENGTH = 32

POD = os.environ.get("HOSTNAME") or socket.gethostname()
NODE = os.environ.get("NODE_NAME")
PATH = os.environ.get("SOCKETIO_PATH", "/socket.io")

io = socketio.AsyncServer(async_mode="asgi")
app = pages(PATH, socketio.ASGIApp(io, socketio_path=PATH))


@io.event
async def connect(sid: str, environ: dict[str, Any]) -> None:
    await io.emit("welcome", {"pod": POD, "node": NODE, "id": sid, "transport": io.transport(sid)}, to=sid)


@io.event
async def message(sid: str, data: Any) -> dict[str, str]:
    given = data if isinstance(data, dict) else {}
    text = clean_text(given.get("text"), TEXT_LENGTH)
    name = clean_text(given.get("from"), NAME_LENGTH)
    if text is None or name is None:
        return {"error": f"a message needs a text (1 to {TEXT_LENGTH} characters) and a name (1 to {NAME_LENGTH})"}
    await io.emit("message", {"text": text, "from": name, "pod": POD, "id": sid})
    return {"pod": POD}


@io.event
async def whoami(sid: str) -> dict[str, str | None]:
    return {"pod": POD, "node": NODE, "transport": io.transport(sid)}


def clean_text(value: Any, longest: int) -> str | None:
    """The trimmed text, or None when it is no string, empty or too long."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text if 0 < len(text) <= longest else None


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "3000")), log_level="warning")
