"""The bare client: a process that sends requests that were made before, so many at once, and reads the answers.

`python -m tests.bench.load`: prints `ready`, waits for a line, sends everything, prints a JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.credentials import credentials


async def send(
    session: aiohttp.ClientSession, request: dict[str, str], server: str, headers: dict[str, str]
) -> dict[str, Any]:
    """Sends one request and parses its answer. Raises RuntimeError when it is refused."""
    headers = {**headers, "Content-Type": request["type"]}
    data = request["body"] or None
    async with session.request(request["method"], server + request["path"], data=data, headers=headers) as answer:
        text = await answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{request['method']} {request['path']}: {answer.status} {text[:500]!r}")
        parsed: dict[str, Any] = json.loads(text)
        return parsed


async def send_all(
    kubeconfig: Path, agent: str, in_flight: int, requests: list[dict[str, str]]
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Sends all with `in_flight` at once; returns what it took, and name and uid of each answer."""
    login = credentials(kubeconfig, agent)
    connector = aiohttp.TCPConnector(limit=in_flight, ssl=login.tls)
    answers: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(connector=connector) as session:
        waiting: Iterator[dict[str, str]] = iter(requests)

        async def work() -> None:
            for request in waiting:
                meta = (await send(session, request, login.server, login.headers)).get("metadata", {})
                answers.append({"name": meta.get("name"), "uid": meta.get("uid")})

        start, cpu = time.time(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(work())
        took = {"seconds": time.time() - start, "cpu": time.process_time() - cpu, "requests": len(answers)}
    return took, answers


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--agent", required=True, help="user agent")
    parser.add_argument("--in-flight", type=int, required=True)
    parser.add_argument("--requests", type=Path, required=True, help="JSON lines: method, path, type, body (text)")
    parser.add_argument("--answers", type=Path, required=True, help="JSON lines are written there: name, uid")
    args = parser.parse_args()
    requests = [json.loads(line) for line in args.requests.read_text().splitlines()]
    print("ready", flush=True)
    sys.stdin.readline()
    took, answers = asyncio.run(send_all(args.kubeconfig, args.agent, args.in_flight, requests))
    args.answers.write_text("".join(f"{json.dumps(answer)}\n" for answer in answers))
    print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
