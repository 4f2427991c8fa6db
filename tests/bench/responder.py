"""The bare watch-to-write: watches clusters and answers each edit with one apply of the Ingress, rendered before."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

import aiohttp

from tests.bench.clusters import API_VERSION, PLURAL, Request, apply_child, children
from tests.bench.credentials import credentials
from tests.bench.streams import Json, request, session_of, watch

IN_FLIGHT = 32
# Stands in the rendered Ingress where the edited value goes: a number that nothing else has.
PLACE = 86_399

Key = tuple[str, str]


class Responder:
    """`ingresses`: the apply of each cluster's Ingress, with PLACE where the timeout goes."""

    def __init__(self, session: aiohttp.ClientSession, clusters: list[Json]) -> None:
        self._session = session
        self._ingresses = {_key(cluster): _ingress(cluster) for cluster in clusters}
        self._generations = {_key(cluster): cluster["metadata"]["generation"] for cluster in clusters}

    async def run(self, version: str) -> None:
        """Answers what happens after a resourceVersion until it is ended."""
        async with asyncio.TaskGroup() as group:
            async for _, cluster in watch(self._session, f"/apis/{API_VERSION}/{PLURAL}", "", version):
                key, generation = _key(cluster), cluster["metadata"]["generation"]
                if key in self._ingresses and generation != self._generations[key]:
                    self._generations[key] = generation
                    group.create_task(self._apply(key, cluster["spec"]["routing"]["timeouts"]["readSeconds"]))

    async def _apply(self, key: Key, value: int) -> None:
        ready = self._ingresses[key]
        text = ready["body"].replace(f'"{PLACE}"', f'"{value}"')
        await request(self._session, ready["method"], ready["path"], text, ready["type"])


def _key(cluster: Json) -> Key:
    return cluster["metadata"]["namespace"], cluster["metadata"]["name"]


def _ingress(cluster: Json) -> Request:
    spec = cluster["spec"]
    marked = {**cluster, "spec": {**spec, "routing": {**spec["routing"], "timeouts": {"readSeconds": PLACE}}}}
    (ingress,) = (child for child in children(marked) if child["kind"] == "Ingress")
    return apply_child(ingress, json.dumps(ingress))


async def _run(args: argparse.Namespace) -> None:
    async with session_of(credentials(args.kubeconfig, "bench-responder"), IN_FLIGHT) as session:
        listed = await request(session, "GET", f"/apis/{API_VERSION}/{PLURAL}")
        responder = Responder(session, listed["items"])
        print("ready", flush=True)
        await responder.run(listed["metadata"]["resourceVersion"])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", type=Path, required=True)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
