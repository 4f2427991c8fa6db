"""The chat in an event loop of the app's own, with a handler of the app's own."""

import asyncio
import os
import signal

import uvicorn
from chat_asgi import app, on_sigterm


class Server(uvicorn.Server):
    def capture_signals(self):
        from contextlib import nullcontext

        return nullcontext()


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, on_sigterm)
    await Server(uvicorn.Config(app, port=int(os.environ["PORT"]), log_level="warning")).serve()


asyncio.run(main())
