"""The same chat with Flask-SocketIO, which makes a socketio.Server of its own."""

import os

from flask import Flask
from flask_socketio import SocketIO, emit

app = Flask(__name__)
options = {"message_queue": os.environ["APP_QUEUE"]} if "APP_QUEUE" in os.environ else {}
io = SocketIO(app, async_mode="threading", **options)


@io.on("say")
def say(text):
    emit("said", text, broadcast=True)


@io.on("manager")
def manager():
    return type(io.server.manager).__name__


if __name__ == "__main__":
    io.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), allow_unsafe_werkzeug=True)
