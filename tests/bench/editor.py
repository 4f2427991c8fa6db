"""Edits specs at a fixed rate and tells how long each took to reach the cluster's Ingress.

An edit is `spec.routing.timeouts.readSeconds`, which changes the Ingress and nothing else. Its time runs from the
answer to the edit until this process has the event of the Ingress. Prints `ready`; a line `SECONDS FIRST` makes edits
for so long, with values from FIRST on, and is answered by the times in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

import aiohttp

from tests.bench.admin import MERGE
from tests.bench.clusters import API_VERSION, PLURAL
from tests.bench.credentials import credentials
from tests.bench.streams import Json, request, session_of, watch

INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
READ_TIMEOUT = "nginx.ingress.kubernetes.io/proxy-read-timeout"
LATE_SECONDS = 60.0

Key = tuple[str, str, str]


class Editor:
    """Edits and the events that they lead to. Times are monotonic seconds."""

    def __init__(self, session: aiohttp.ClientSession, rate: float) -> None:
        self._session, self._rate = session, rate
        self._edited: dict[Key, float] = {}
        self._seen: dict[Key, float] = {}
        self._unseen: set[Key] = set()
        self._all_seen = asyncio.Event()

    async def watch(self, started: asyncio.Event) -> None:
        """Notes when which value reached which Ingress."""
        listed = await request(self._session, "GET", f"{INGRESSES}?limit=1")
        started.set()
        async for _, ingress in watch(self._session, INGRESSES, "", listed["metadata"]["resourceVersion"]):
            meta = ingress["metadata"]
            value = meta.get("annotations", {}).get(READ_TIMEOUT, "")
            key = (meta["namespace"], meta["name"], value)
            self._seen.setdefault(key, time.monotonic())
            self._unseen.discard(key)
            if not self._unseen:
                self._all_seen.set()

    async def edit(self, clusters: list[tuple[str, str]], seconds: float, first: int) -> Json:
        """Edits the clusters by turns. Returns {"ms": [...], "missed": n}: edits that no Ingress followed."""
        self._edited.clear()
        start, count = time.monotonic(), int(seconds * self._rate)
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                await asyncio.sleep(max(0.0, start + number / self._rate - time.monotonic()))
                namespace, name = clusters[number % len(clusters)]
                group.create_task(self._edit((namespace, name, str(first + number))))
        if self._unseen:
            self._all_seen.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_seen.wait(), LATE_SECONDS)
        reached = [key for key in self._edited if key in self._seen]
        times = [1000 * (self._seen[key] - self._edited[key]) for key in reached]
        return {"ms": times, "missed": count - len(reached)}

    async def _edit(self, key: Key) -> None:
        namespace, name, value = key
        path = f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURAL}/{name}"
        self._unseen.add(key)
        body = {"spec": {"routing": {"timeouts": {"readSeconds": int(value)}}}}
        await request(self._session, "PATCH", path, json.dumps(body), MERGE)
        self._edited[key] = time.monotonic()


async def _run(args: argparse.Namespace) -> None:
    async with session_of(credentials(args.kubeconfig, "bench-editor"), 34) as session:
        listed = await request(session, "GET", f"/apis/{API_VERSION}/{PLURAL}")
        clusters = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in listed["items"]]
        editor, started = Editor(session, args.rate), asyncio.Event()
        asked = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(editor.watch(started))
            await started.wait()
            print("ready", flush=True)
            while line := await asked.readline():
                seconds, first = line.split()
                print(json.dumps(await editor.edit(clusters, float(seconds), int(first))), flush=True)
            watching.cancel()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True, help="edits a second")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
