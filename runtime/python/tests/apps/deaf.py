"""Creates a server and never listens."""

import time

import socketio

io = socketio.AsyncServer(async_mode="asgi")
time.sleep(60)
