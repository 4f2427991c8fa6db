"""What heartbeats through the manager cost a process.

Here: `PYTHONPATH=.:tests build/newest/bin/python bench/heartbeats.py [seconds]`, in the environment that
`python3 tests/run.py` makes. A process with heartbeats, and one without, for each kind of server, each
with one idle client. The other pods' heartbeats are published as those pods publish them. Processor time is each
process's own: it hardly depends on what else the machine does.
"""

import itertools
import json
import socket
import sys
import threading
import time
from pathlib import Path

from socketio_runtime.truth.crossing import NAMESPACE
from socketio_runtime.truth.interval import BEAT_SECONDS, next_interval
from support.app import App, stop_all
from support.net import RedisServer
from support.until import until

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
PODS = (20, 100, 200)
SERVERS = {"asyncio": "chat_asgi.py", "threads": "chat_threaded.py"}
OWN = "10.0.0.1"


class Others:
    """Sends what that many pods would, once all have heard each other, evenly."""

    def __init__(self, count: int, channel: str, redis: RedisServer) -> None:
        self._addresses = itertools.cycle(f"10.0.1.{number}" for number in range(count))
        self._pause = next_interval(count, BEAT_SECONDS) / count
        self._channel = channel.encode()
        self._redis = socket.create_connection(("127.0.0.1", redis.port))
        self._redis.sendall(b"AUTH secret\r\n")
        self._end = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def end(self) -> None:
        self._end.set()

    def _run(self) -> None:
        next_one = time.monotonic()
        while not self._end.wait(max(0.0, next_one - time.monotonic())):
            next_one += self._pause
            data = [next(self._addresses), int(time.time() * 1000)]
            message = {"method": "emit", "event": "beat", "data": data, "namespace": NAMESPACE, "room": None}
            payload = json.dumps({**message, "skip_sid": None, "callback": None, "host_id": "0" * 32}).encode()
            parts = (b"PUBLISH", self._channel, payload)
            self._redis.sendall(b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
            self._redis.recv(1024)


def start(file: str, channel: str, redis: RedisServer, heartbeats: str) -> App:
    adapter = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_ADAPTER_PREFIX": channel}
    own = {"SOCKETIO_RUNTIME_ADDRESS": OWN, "SOCKETIO_RUNTIME_HEARTBEATS": heartbeats}
    app = App(file, env={**adapter, **own, "SOCKETIO_RUNTIME_BROKER_URL": redis.url}).ready()
    app.client()
    return app


def processor_seconds(app: App) -> float:
    """Of all threads so far."""
    files = Path(f"/proc/{app.process.pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def measure(count: int, redis: RedisServer) -> None:
    """Prints the rows."""
    apps, all_others = [], []
    for name, file in SERVERS.items():
        channel = f"{name}-{count}"
        apps += [start(file, channel, redis, "on"), start(file, f"{channel}-off", redis, "off")]
        all_others.append(Others(count, channel, redis))
    for app in apps[::2]:
        until(f"{count} pods", lambda app=app: len(app.status()["servers"][0]["hears"]) == count, 60)
    # past what a process does at its start
    time.sleep(5)
    began, before = time.monotonic(), [processor_seconds(app) for app in apps]
    time.sleep(SECONDS)
    elapsed = time.monotonic() - began
    shares = [100 * (processor_seconds(app) - one) / elapsed for app, one in zip(apps, before)]
    for name, on, off in zip(SERVERS, shares[::2], shares[1::2]):
        print(f"| {name} | {count} | {off:.2f} % | {on:.2f} % | **{on - off:.2f} %** |", flush=True)
    for others in all_others:
        others.end()
    stop_all()


def main() -> None:
    redis = RedisServer()
    print("| server | other pods | without heartbeats | with | difference |\n| --- | --- | --- | --- | --- |")
    try:
        for count in PODS:
            measure(count, redis)
    finally:
        stop_all()
        redis.stop()


if __name__ == "__main__":
    main()
