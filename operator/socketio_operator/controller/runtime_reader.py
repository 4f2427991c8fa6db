"""Asks the runtimes in ready pods for their status. What a pod answers is untrusted, and never more than a finding."""

import asyncio
import json
import time

import aiohttp

from socketio_operator.plan.observed import Live
from socketio_operator.plan.runtime import RuntimeReport

ANSWER_SECONDS = 2.0
ANSWER_BYTES = 64 * 1024
# A pod's answer changes rarely; it is asked again when a later reconcile finds the last one older than this.
FRESH_SECONDS = 20.0


class RuntimeReader:
    """Reads statuses, with a memory so that a burst of events asks each pod once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, RuntimeReport | None]] = {}

    async def read(self, pods: tuple[Live, ...], port: int) -> tuple[RuntimeReport, ...]:
        """Reports of the pods that are ready and answer, by name."""
        ready = [pod for pod in pods if _is_ready(pod)]
        due = [pod for pod in ready if self._age(pod) > FRESH_SECONDS]
        if due:
            limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            async with aiohttp.ClientSession(timeout=limit) as session:
                answers = await asyncio.gather(*(_ask(session, pod, port) for pod in due))
            now = time.monotonic()
            self._forget(now)
            self._known |= {pod["metadata"]["uid"]: (now, answer) for pod, answer in zip(due, answers, strict=True)}
        reports = (self._known[pod["metadata"]["uid"]][1] for pod in ready)
        return tuple(report for report in reports if report)

    def _age(self, pod: Live) -> float:
        known = self._known.get(pod["metadata"]["uid"])
        return time.monotonic() - known[0] if known else float("inf")

    def _forget(self, now: float) -> None:
        self._known = {uid: known for uid, known in self._known.items() if now - known[0] < 10 * FRESH_SECONDS}


def _is_ready(pod: Live) -> bool:
    if pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = pod.get("status", {}).get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


async def _ask(session: aiohttp.ClientSession, pod: Live, port: int) -> RuntimeReport | None:
    address = pod["status"].get("podIP", "")
    host = f"[{address}]" if ":" in address else address
    try:
        async with session.get(f"http://{host}:{port}/status", allow_redirects=False) as answer:
            text = await answer.content.read(ANSWER_BYTES)
            return RuntimeReport.parse(pod["metadata"]["name"], json.loads(text))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
        return None
