"""Two servers in one process, each at a path of its own."""

import os

import socketio
import uvicorn


def chat() -> socketio.AsyncServer:
    io = socketio.AsyncServer(async_mode="asgi")

    @io.event
    async def say(sid, text):
        await io.emit("said", text)

    return io


first, second = chat(), chat()
app = socketio.ASGIApp(first, other_asgi_app=socketio.ASGIApp(second, socketio_path="second"))

if __name__ == "__main__":
    uvicorn.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), log_level="warning")
