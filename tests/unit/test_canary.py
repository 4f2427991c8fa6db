"""Where the operator's own client goes, and that nobody there can take more of the operator than one short visit."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from socketio_operator.controller import canary
from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.controller.canary.connection import ANSWER_BYTES
from socketio_operator.controller.canary.resolver import reachable
from socketio_operator.plan.entrance import Route, entrance, proof
from socketio_operator.plan.figures import Figures, Window
from socketio_operator.plan.observed import Child
from socketio_operator.plan.passage import CanaryReport, Passage
from socketio_operator.plan.probes import CANARY, CanaryProbe, Finding, runtime_name, runtime_reports, wanted_canary
from socketio_operator.plan.runtime import RuntimeReport
from tests.traffic.ports import free_port, unresolved
from tests.unit.samples import cluster
from tests.unit.test_runtime_reader import response
from tests.unit.test_traffic_truth import NOW, pod, requests

ROUTE = Route("127.0.0.1", 80, False, "chat.example.com", "/socket.io/", ("polling", "websocket"), "default")
OPENED = b'0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
JOINED = b'40/.socketio-runtime,{"sid":"x"}'
Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def answering(*answers: bytes) -> Talk:
    """One after the other, for each request the next one; the last for all that follow."""
    left = list(answers)

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return talk


def visit(talk: Talk, **changes: Any) -> tuple[CanaryReport, list[bytes]]:
    """What a visit finds, and the requests that it made."""
    requests: list[bytes] = []

    async def go() -> CanaryReport:
        serving: set[asyncio.Task[Any] | None] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serving.add(asyncio.current_task())
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                await talk(requests[-1], writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            report = await canary.visit(replace(ROUTE, port=port, **changes), proof("token"), unresolved)
            assert asyncio.all_tasks() - serving == {asyncio.current_task()}, "nothing is left behind"
            await asyncio.gather(*filter(None, serving))
            return report

    return asyncio.run(go()), requests


def test_each_request_asks_for_the_host_and_follows_nobody() -> None:
    report, made = visit(answering(response(b"", "location: http://127.0.0.1:1/", code="302 Found")))
    assert report.passage is Passage.FOREIGN
    assert len(made) == 1
    assert b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: chat.example.com\r\n" in made[0]


def test_a_websocket_follows_nobody_either() -> None:
    report, made = visit(answering(response(b"", "location: /x", code="302 Found")), transports=("websocket",))
    assert report.passage is Passage.FOREIGN
    assert len(made) == 1


@pytest.mark.parametrize("name", ["127.0.0.1", "127.1", "2130706433"])
def test_a_host_that_is_an_address_is_no_way_to_another_place(name: str) -> None:
    report, made = visit(answering(response(OPENED)), name=name)
    assert report.passage is Passage.FOREIGN
    assert not made


@pytest.mark.parametrize(
    "answers",
    [
        (response(b"not found", code="404 Not Found"),),
        (response(b"hello"),),
        (response(b"0{"),),
        (response(b'0{"sid":["a"]}'),),
        (response(b'0{"sid":"a&b=c"}'),),
        (response(b"0" + b"[" * 9000),),
        (response(b"0{}" + b" " * ANSWER_BYTES),),
        (b"what is this\r\n\r\n",),
        (response(OPENED), response(b"ok"), response(b'44/.socketio-runtime,{"message":"Invalid namespace"}')),
        (response(OPENED), response(b"ok"), response(b"\x1e".join([b"6"] * 100))),
        (response(OPENED), response(b"ok"), response(b"1")),
        (response(OPENED), response(b"no", code="502 Bad Gateway")),
        (response(OPENED), response(b'{"code":3,"message":"Bad request"}', code="400 Bad Request")),
    ],
)
def test_who_speaks_otherwise_is_somebody_else(answers: tuple[bytes, ...]) -> None:
    report, _ = visit(answering(*answers))
    assert report == CanaryReport(Passage.FOREIGN)


@pytest.mark.parametrize("body", [b'{"code":1,"message":"Session ID unknown"}', b'"Invalid session abc"'])
def test_a_session_that_nobody_knows(body: bytes) -> None:
    unknown = response(body, code="400 Bad Request")
    assert visit(answering(response(OPENED), unknown))[0] == CanaryReport(Passage.LOST)
    assert visit(answering(unknown))[0] == CanaryReport(Passage.FOREIGN), "no session was named"


def test_an_answer_without_end_is_read_to_its_bound() -> None:
    sent = 0

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(b" " * 65536)
            sent += 65536
            await writer.drain()

    report, _ = visit(talk)
    assert report.passage is Passage.FOREIGN
    assert sent < 32 * 2**20, "what the sockets hold"


def test_who_says_nothing_has_a_visit_s_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "VISIT_SECONDS", 0.2)

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)

    assert visit(talk)[0] == CanaryReport(Passage.SILENT)


def test_a_closed_port_is_silent() -> None:
    found = asyncio.run(canary.visit(replace(ROUTE, port=free_port()), proof("token"), unresolved))
    assert found == CanaryReport(Passage.SILENT)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_the_operator_s_own_machine_is_no_route(host: str) -> None:
    with pytest.raises(AnsweredError):
        asyncio.run(reachable(host, "default"))
    assert asyncio.run(reachable("192.0.2.7", "default")) == ("192.0.2.7",)


def ingress(address: str = "192.0.2.7", uid: str = "uid-chat") -> Child:
    owner = {"kind": "SocketIOCluster", "name": "chat", "uid": uid, "controller": True}
    meta = {"name": "chat", "uid": "1", "resourceVersion": "1", "ownerReferences": [owner]}
    status = {"loadBalancer": {"ingress": [{"ip": address}]}}
    return Child.of({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "status": status})


def routing(**fields: Any) -> dict[str, Any]:
    return {"routing": {"host": "chat.example.com", **fields}}


def test_the_address_is_that_of_the_route_s_status() -> None:
    of = cluster()
    found = entrance(of, [ingress(uid=of.uid)])
    assert found is not None
    assert (found.host, found.port, found.secure, found.name) == ("192.0.2.7", 80, False, "chat.example.com")
    assert found.path == "/socket.io/", "as clients ask"
    assert entrance(of, [ingress(uid="of-a-namesake")]) is None
    assert entrance(of, [ingress("", uid=of.uid)]) is None
    six = entrance(of, [ingress("2001:db8::7", uid=of.uid)])
    assert six is not None
    assert (six.host, six.port) == ("2001:db8::7", 80)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"canary": {"address": "10.0.0.7"}}, ("10.0.0.7", 80)),
        ({"canary": {"address": "router.edge.svc:8080"}}, ("router.edge.svc", 8080)),
        ({"canary": {"address": "[fd00::7]:8080"}}, ("fd00::7", 8080)),
        ({"canary": {"address": "[fd00::7]"}, "tls": {"secretName": "chat-tls"}}, ("fd00::7", 443)),
        ({"router": "proxy"}, ("chat-proxy", 80)),
        ({"router": "proxy", "tls": {"secretName": "chat-tls"}}, ("chat-proxy", 443)),
    ],
)
def test_the_place_that_is_given(fields: dict[str, Any], place: tuple[str, int]) -> None:
    found = entrance(cluster(**routing(**fields)), [])
    assert found is not None
    assert (found.host, found.port) == place


def test_a_wildcard_is_asked_for_by_a_name_of_it() -> None:
    found = entrance(cluster(**routing(host="*.example.com", canary={"address": "10.0.0.7"})), [])
    assert found is not None
    assert found.name == "canary.example.com"


@pytest.mark.parametrize(
    "spec",
    [
        routing(canary={"enabled": False, "address": "10.0.0.7"}),
        routing(router="direct"),
        routing(router="proxy", clientAddress="proxyProtocol", trustedProxies=["10.0.0.0/8"]),
        {**routing(router="gateway", gateway={"name": "public"}), "engine": {"transports": ["webtransport"]}},
    ],
)
def test_where_it_cannot_go_or_may_not(spec: dict[str, Any]) -> None:
    assert entrance(cluster(**spec), []) is None


def wanted(*of_pods: Figures, token: str = "token", ready: bool = True, visited: bool = False) -> bool:
    pods = tuple(replace(pod(number), ready=ready, started=NOW) for number in range(max(1, len(of_pods))))
    findings: dict[str, Finding] = {
        runtime_name(one): RuntimeReport(one.name, "runtime", "4.8.1", figures=figures)
        for one, figures in zip(pods, of_pods, strict=False)
    }
    of = cluster(**routing(canary={"address": "10.0.0.7"}))
    return CANARY in wanted_canary(of, [], pods, runtime_reports(pods, findings), visited, token)


def test_it_goes_while_clients_make_few_requests() -> None:
    assert wanted()
    assert wanted(requests(30))
    assert not wanted(requests(30), requests(30))
    assert not wanted(ready=False)
    assert not wanted(token="")


def test_it_does_not_come_and_go_with_a_few_requests() -> None:
    assert wanted(requests(30), requests(30), visited=True)
    assert not wanted(requests(50), requests(50), visited=True)


def test_two_sessions_a_visit_are_less_than_one_a_minute() -> None:
    probe = CanaryProbe(ROUTE, proof("token"))
    assert 2 / (probe.pause(CanaryReport(Passage.FOUND)) * 0.9) < 1 / 60
    assert 2 / (probe.pause(CanaryReport(Passage.LOST)) * 0.9) < 1 / 60
    assert probe.pause(None) < probe.pause(CanaryReport(Passage.FOUND)), "nothing is opened where nobody answers"
    assert "token" not in repr(probe)


def test_its_own_requests_do_not_keep_it_away() -> None:
    assert wanted(Figures(five_minutes=Window(requests=3 * (2 * (canary.QUESTIONS + 1) + 1))))
