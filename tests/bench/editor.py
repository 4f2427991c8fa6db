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
from collections import defaultdict
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

Key = tuple[str, str]
Edit = tuple[Key, int]


class Editor:
    """Edits and the events that they lead to. Times are monotonic seconds."""

    def __init__(self, session: aiohttp.ClientSession, rate: float) -> None:
        self._session, self._rate = session, rate
        self._answered: dict[Edit, float] = {}
        self._seen: dict[Edit, float] = {}
        self._unseen: dict[Key, set[int]] = defaultdict(set)
        self._news = asyncio.Event()

    async def watch(self, started: asyncio.Event) -> None:
        """Notes when which value reached which Ingress. An edit that a later one overtook has arrived with that."""
        listed = await request(self._session, "GET", f"{INGRESSES}?limit=1")
        started.set()
        async for _, ingress in watch(self._session, INGRESSES, "", listed["metadata"]["resourceVersion"]):
            now, meta = time.monotonic(), ingress["metadata"]
            key, value = (meta["namespace"], meta["name"]), int(meta.get("annotations", {}).get(READ_TIMEOUT, 0))
            arrived = {waiting for waiting in self._unseen[key] if waiting <= value}
            self._unseen[key] -= arrived
            self._seen |= {(key, waiting): now for waiting in arrived}
            self._news.set()

    async def edit(self, clusters: list[Key], seconds: float, first: int) -> Json:
        """Edits the clusters by turns. Returns {"ms": [...], "missed": n}: edits that no Ingress followed."""
        self._answered.clear()
        start, count = time.monotonic(), int(seconds * self._rate)
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                await asyncio.sleep(max(0.0, start + number / self._rate - time.monotonic()))
                group.create_task(self._edit(clusters[number % len(clusters)], first + number))
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_SECONDS):
                while any(self._unseen.values()):
                    self._news.clear()
                    await self._news.wait()
        reached = [edit for edit in self._answered if edit in self._seen]
        times = [1000 * (self._seen[edit] - self._answered[edit]) for edit in reached]
        return {"ms": times, "missed": count - len(reached)}

    async def _edit(self, key: Key, value: int) -> None:
        namespace, name = key
        path = f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURAL}/{name}"
        self._unseen[key].add(value)
        body = {"spec": {"routing": {"timeouts": {"readSeconds": value}}}}
        await request(self._session, "PATCH", path, json.dumps(body), MERGE)
        self._answered[key, value] = time.monotonic()


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
