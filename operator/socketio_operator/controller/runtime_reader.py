"""Asks the runtimes in running pods for their status. What a pod answers is untrusted, and only a finding."""

import asyncio
import json
import time
from datetime import UTC, datetime

import aiohttp

from socketio_operator.desired.metadata import SERVER
from socketio_operator.plan.observed import Live, pod_is_ready
from socketio_operator.plan.runtime import ELSEWHERE, SILENT, RuntimeReport

ANSWER_SECONDS = 2.0
ANSWER_BYTES = 64 * 1024
# A ready pod's answer changes rarely; it is asked again when a later reconcile finds the last one older than this. One
# that is apart from the others is asked each time.
FRESH_SECONDS = 20.0
# Longer than the kubelet's longest wait before it starts a container again.
REMEMBERED_SECONDS = 600.0
# A server that is up opens the runtime's port at once; slow starters get this long.
SILENT_SECONDS = 60.0


class RuntimeReader:
    """Reads statuses, with a memory so that a burst of events asks each ready pod once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, RuntimeReport]] = {}

    async def read(self, pods: tuple[Live, ...], port: int) -> tuple[RuntimeReport, ...]:
        """Reports of the pods that run and answer, and of those that have run for long and do not, in order."""
        running = [pod for pod in pods if _started(pod)]
        due = [pod for pod in running if not self._is_fresh(pod)]
        if due:
            limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            # no decompression: a small answer could become a large one
            async with aiohttp.ClientSession(timeout=limit, auto_decompress=False) as session:
                answers = await asyncio.gather(*(_ask(session, pod, port) for pod in due))
            self._remember(due, answers)
        known = ((pod, self._known.get(pod["metadata"]["uid"])) for pod in pods)
        return tuple(item[1] for pod, item in known if item and (_started(pod) or _outlives(pod, item[1])))

    def _is_fresh(self, pod: Live) -> bool:
        known = self._known.get(pod["metadata"]["uid"])
        if not known or known[1].apart or not pod_is_ready(pod):
            return False
        return time.monotonic() - known[0] < FRESH_SECONDS

    def _remember(self, pods: list[Live], answers: list[RuntimeReport | None]) -> None:
        now = time.monotonic()
        asked = {pod["metadata"]["uid"] for pod in pods}
        kept = {
            uid: known for uid, known in self._known.items() if uid not in asked and now - known[0] < REMEMBERED_SECONDS
        }
        new = {pod["metadata"]["uid"]: (now, answer) for pod, answer in zip(pods, answers, strict=True) if answer}
        self._known = kept | new


def _started(pod: Live) -> datetime | None:
    """Since when the server's container runs; None if it does not, or is about to end."""
    if pod["metadata"].get("deletionTimestamp"):
        return None
    for container in pod.get("status", {}).get("containerStatuses", ()):
        running = container.get("state", {}).get("running")
        if container["name"] == SERVER and running:
            return datetime.fromisoformat(running["startedAt"])
    return None


def _outlives(pod: Live, report: RuntimeReport) -> bool:
    """Whether a report still tells why a pod is not up between two starts of its container."""
    return report.waits_for == ELSEWHERE and not pod["metadata"].get("deletionTimestamp")


async def _ask(session: aiohttp.ClientSession, pod: Live, port: int) -> RuntimeReport | None:
    address = pod["status"].get("podIP", "")
    host = f"[{address}]" if ":" in address else address
    name = pod["metadata"]["name"]
    try:
        async with session.get(f"http://{host}:{port}/status", allow_redirects=False) as answer:
            if answer.content_length is None or answer.content_length > ANSWER_BYTES:
                return None
            return RuntimeReport.parse(name, json.loads(await answer.read()))
    except aiohttp.ClientConnectorError:
        # Nobody listens there. (A time-out may be the network between the operator and the pod.)
        return RuntimeReport(name, SILENT) if _long(pod) and not pod_is_ready(pod) else None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _long(pod: Live) -> bool:
    started = _started(pod)
    restarts = sum(item.get("restartCount", 0) for item in pod["status"].get("containerStatuses", ()))
    return restarts > 0 or (started is not None and (datetime.now(UTC) - started).total_seconds() > SILENT_SECONDS)
