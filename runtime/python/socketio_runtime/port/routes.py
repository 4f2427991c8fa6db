"""What the side port answers."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any, Callable, Mapping

from ..processes import Processes, Said
from ..processes.sums import MetricSums, shares
from ..sessions.relay import Relays
from ..sessions.tunnel import PATH, PROTOCOL
from ..truth.traffic import Bucket, windows
from . import token
from .exposition import CONTENT_TYPE, Family, expose
from .route import Answer, Route, Takeover

LONGEST_SECONDS = 3600
HIGHEST_COUNT = 1_000_000


class BadRequestError(Exception):
    """The message tells the client why."""


def routes(
    processes: Processes,
    token_file: str | None,
    draining: Callable[[], bool],
    families: Callable[[], list[Family]],
) -> dict[str, Route]:
    """Path -> what answers there, for all processes of the pod. `draining`, `families`: of this process."""
    sums = MetricSums()

    def authorized(header: str) -> bool:
        return token.authorized(token_file, header)

    return {
        "/healthz": Route("GET", lambda request: _health(processes.ask("state"))),
        "/readyz": Route("GET", lambda request: _ready(_state(processes.ask("state")))),
        "/serving": Route("GET", lambda request: _serving(draining(), processes)),
        "/metrics": Route("GET", lambda request: Answer(200, _metrics(families, processes, sums), CONTENT_TYPE)),
        "/status": Route("GET", lambda request: Answer(200, _status(processes.ask("status")))),
        "/drain": Route("POST", lambda request: _drain(request.body, processes), authorized),
        "/shed": Route("POST", lambda request: _shed(request.body, processes), authorized),
    }


def peer_routes(relays: Relays, own: str, token_file: str | None) -> dict[str, Route]:
    """What answers other pods. `own`: address and port of this one."""

    def from_peer(header: str) -> bool:
        return token.peer_authorized(token_file, own, header)

    return {PATH: Route("GET", lambda request: _peer(relays), from_peer, PROTOCOL)}


def _peer(relays: Relays) -> Answer | Takeover:
    take = relays.admit()
    return Takeover(take) if take else Answer(503, {"error": "Unavailable"})


def _ready(state: dict[str, Any]) -> Answer:
    return Answer(200 if state["ready"] else 503, state)


def _health(said: list[Said]) -> Answer:
    """Not alive if a process does not answer: the kubelet would see that of a process that is alone."""
    silent = [one.pid for one in said if one.answer is None]
    if not silent:
        return Answer(200, {"alive": True})
    return Answer(503, {"alive": False, "message": f"process {silent[0]} does not answer"})


def _state(said: list[Said]) -> dict[str, Any]:
    """As `Readiness.state`: ready if every process is. Reasons: ProcessSilent, and those of one."""
    for one in said:
        state = _readiness(one)
        if not state["ready"]:
            told = f"process {one.pid}: {state['message']}" if one.answer and len(said) > 1 else state["message"]
            return {**state, "message": told}
    return {"ready": True}


def _readiness(one: Said) -> dict[str, Any]:
    if one.answer is None:
        return {"ready": False, "reason": "ProcessSilent", "message": f"process {one.pid} does not answer"}
    return {name: one.answer[name] for name in ("ready", "reason", "message", "listens") if name in one.answer}


def _serving(draining: bool, processes: Processes) -> Answer:
    """For proxies that keep the sessions of a server which answers 404 and give it no new ones.

    HAProxy calls it disable-on-404.
    Unlike /readyz it tells of a drain at the pod's end too: such a proxy goes on to reach the pod.
    """
    if draining:
        return Answer(404, {"serving": False, "draining": True})
    ready = _state(processes.ask("state"))["ready"]
    return Answer(200 if ready else 503, {"serving": ready, "draining": False})


def _metrics(families: Callable[[], list[Family]], processes: Processes, sums: MetricSums) -> str:
    """Once there were several processes, the sums go on with what those that have ended had counted."""
    if processes.alone() and sums.empty:
        return expose(families())
    return expose(sums.of({one.pid: one.answer for one in processes.ask("metrics")}))


def _status(said: list[Said]) -> dict[str, Any]:
    known = [one.answer for one in said if one.answer]
    several = len(said) > 1
    servers = [{**({"pid": one["pid"]} if several else {}), **server} for one in known for server in one["servers"]]
    of_each = [
        {"pid": one.pid, **_readiness(one), "connections": (one.answer or {}).get("connections")} for one in said
    ]
    own = {name: known[0][name] for name in ("runtime", "python", "pid", "draining", "adapterAsked")}
    return {
        **own,
        **_state(said),
        "connections": sum(one["connections"] for one in known),
        "traffic": windows([Bucket.of(bucket) for one in known for bucket in one["traffic"]]),
        "servers": servers,
        **({"processes": of_each} if several else {}),
    }


def _drain(body: bytes, processes: Processes) -> Answer:
    try:
        asked = _numbers(body, {"seconds": LONGEST_SECONDS, "after": LONGEST_SECONDS}, {"after": 0})
        terminating = json.loads(body).get("terminating", False)
        if not isinstance(terminating, bool):
            raise BadRequestError("terminating is neither true nor false")
    except BadRequestError as error:
        return _bad(error)
    connections = sum(_connections(processes.ask("state")))
    answers = processes.ask("drain", lambda pid: {**asked, "terminating": terminating})
    if not answers[0].answer:
        return Answer(409, {"error": "AlreadyDraining"})
    return Answer(202, {"draining": True, "connections": connections, "seconds": asked["seconds"]})


def _connections(said: list[Said]) -> list[int]:
    return [one.answer["connections"] if one.answer else 0 for one in said]


def _shed(body: bytes, processes: Processes) -> Answer:
    try:
        asked = _numbers(body, {"count": HIGHEST_COUNT, "seconds": LONGEST_SECONDS})
        if asked["count"] != int(asked["count"]):
            raise BadRequestError("count is not a whole number")
    except BadRequestError as error:
        return _bad(error)
    states = processes.ask("state")
    weights = _connections(states)
    count = min(int(asked["count"]), sum(weights))
    parts = dict(zip([one.pid for one in states], shares(count, weights)))
    said = processes.ask("shed", lambda pid: {"count": parts.get(pid, 0), "seconds": asked["seconds"]})
    if any(one.answer is False for one in said):
        return Answer(409, {"error": "AlreadyClosingConnections"})
    return Answer(202, {"count": count, "connections": sum(weights), "seconds": asked["seconds"]})


def _bad(error: BadRequestError) -> Answer:
    return Answer(400, {"error": "BadRequest", "message": str(error)})


def _numbers(
    body: bytes, bounds: Mapping[str, float], left_out: Mapping[str, float] = MappingProxyType({})
) -> dict[str, float]:
    """The numbers of these names, each from 0 to its bound, or as `left_out`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    numbers = {}
    for name, most in bounds.items():
        number = value.get(name, left_out.get(name)) if isinstance(value, dict) else None
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= most:
            raise BadRequestError(f"{name} is not a number from 0 to {most}")
        numbers[name] = number
    return numbers
