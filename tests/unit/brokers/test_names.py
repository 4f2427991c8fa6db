"""Names as pods see them, and name servers that are a tenant's."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from socketio_operator.controller.brokers import Limits, ask, names
from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.desired.broker_url import parse
from socketio_operator.plan.broker import BrokerAnswer
from tests.unit.brokers.asking import SCHEMES
from tests.unit.brokers.hostile import Visitor, hostile, never
from tests.unit.brokers.name_server import AAAA, SRV, TXT, A, NameServer, Records, address, name_server, service, text

T = TypeVar("T")
RESOLV_CONF = """
search operators.svc.cluster.local svc.cluster.local cluster.local
nameserver 127.0.0.1:{port}
options ndots:5
"""
Resolve = Callable[[Records, Callable[[NameServer], Awaitable[T]]], T]


@pytest.fixture
def resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(names, "RESOLV_CONF", tmp_path / "resolv.conf")
    return tmp_path / "resolv.conf"


def resolve(resolv_conf: Path, records: Records, question: Callable[[NameServer], Awaitable[T]]) -> T:
    """What is found as in a pod of the operator whose name server has these records."""

    async def run() -> T:
        async with name_server(records) as server:
            resolv_conf.write_text(RESOLV_CONF.format(port=server.port))
            return await question(server)

    return asyncio.run(run())


CLUSTER_IP = {("redis.team.svc.cluster.local", A): [address("10.96.0.7")]}


@pytest.mark.parametrize(
    "name", ["redis", "redis.team", "redis.team.svc", "redis.team.svc.cluster.local", "REDIS.team"]
)
def test_short_names_are_those_of_the_clusters_namespace(resolv_conf: Path, name: str) -> None:
    own = {("redis.operators.svc.cluster.local", A): [address("10.96.0.1")]}
    found = resolve(resolv_conf, CLUSTER_IP | own, lambda _: names.addresses(name, "team"))
    assert found == ("10.96.0.7",)
    if name == "redis":
        assert resolve(resolv_conf, CLUSTER_IP | own, lambda _: names.addresses(name, None)) == ("10.96.0.1",)


def test_the_systems_own_search_outside_of_a_cluster(resolv_conf: Path) -> None:
    async def question(server: NameServer) -> tuple[str, ...]:
        resolv_conf.write_text(f"nameserver 127.0.0.1:{server.port}\nsearch office.example\n")
        return await names.addresses("redis", "team")

    assert resolve(resolv_conf, {("redis.office.example", A): [address("10.0.0.9")]}, question) == ("10.0.0.9",)


def test_localhost_needs_no_name_server(resolv_conf: Path) -> None:
    async def question(server: NameServer) -> tuple[str, ...]:
        found = await names.addresses("localhost", "team")
        assert server.asked == []
        return found

    assert "127.0.0.1" in resolve(resolv_conf, {}, question)


def test_few_of_many_addresses_are_taken(resolv_conf: Path) -> None:
    records: Records = {
        ("many.example", A): [address(f"10.0.0.{number}") for number in range(60)],
        ("many.example", AAAA): [address(f"fd00::{number + 1:x}") for number in range(30)],
    }
    before = len(os.listdir("/proc/self/fd"))
    found = resolve(resolv_conf, records, lambda _: names.addresses("many.example", "team"))
    assert len(found) == 4
    assert [":" in literal for literal in found] == [False, False, True, True]
    assert len(os.listdir("/proc/self/fd")) <= before + 1


@pytest.mark.parametrize("literal", ["0.0.0.0", "224.0.0.1", "239.255.255.255"])
def test_addresses_that_no_server_has(resolv_conf: Path, literal: str) -> None:
    for host, records in (("bad.example", {("bad.example", A): [address(literal)]}), (literal, {})):
        with pytest.raises(AnsweredError) as caught:
            resolve(resolv_conf, records, lambda _, host=host: names.addresses(host, None))  # type: ignore[misc]
        assert caught.value.answer is BrokerAnswer.SILENT


def test_no_such_name(resolv_conf: Path) -> None:
    with pytest.raises(AnsweredError) as caught:
        resolve(resolv_conf, {}, lambda _: names.addresses("absent.example", "team"))
    assert caught.value.answer is BrokerAnswer.SILENT


def test_name_servers_that_never_answer_hold_up_nobody(resolv_conf: Path) -> None:
    records: Records = {("slow.example", A): None, ("slow.example", AAAA): None, **CLUSTER_IP}

    async def question(server: NameServer) -> tuple[str, ...]:
        slow = parse("redis://slow.example", SCHEMES)
        waiting = [asyncio.create_task(ask(slow, "team", Limits(seconds=1.0))) for _ in range(100)]
        while server.asked.count("slow.example") < 100:
            server.heard.clear()
            await server.heard.wait()
        begun = time.monotonic()
        found = await names.addresses("redis", "team")
        assert time.monotonic() - begun < 1.0
        assert set(await asyncio.gather(*waiting)) == {BrokerAnswer.SILENT}
        return found

    before = len(os.listdir("/proc/self/fd"))
    begun = time.monotonic()
    assert resolve(resolv_conf, records, question) == ("10.96.0.7",)
    assert time.monotonic() - begun < 4.0
    assert len(os.listdir("/proc/self/fd")) < before + 10


SRV_NAME = "_mongodb._tcp.db.example.net"


def test_a_replica_set_by_srv(resolv_conf: Path) -> None:
    async def question(_: NameServer) -> tuple[tuple[str, int], ...]:
        return await names.servers("db.example.net")

    targets = [service(f"m{number}.example.net", 27017 + number) for number in range(9)]
    found = resolve(resolv_conf, {(SRV_NAME, SRV): targets}, question)
    assert found == tuple((f"m{number}.example.net", 27017 + number) for number in range(5))


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([], BrokerAnswer.SILENT),
        ([service("m.example.net", 27017), service("m.example.org", 27017)], BrokerAnswer.FOREIGN),
        ([service("example.net", 27017)], BrokerAnswer.FOREIGN),
        ([service("evilexample.net", 27017)], BrokerAnswer.FOREIGN),
        ([service("m.example.net", 0)], BrokerAnswer.FOREIGN),
    ],
)
def test_srv_records_that_lead_elsewhere(resolv_conf: Path, targets: list[bytes], expected: BrokerAnswer) -> None:
    url = parse("mongodb+srv://u:p@db.example.net/chat", SCHEMES)
    assert resolve(resolv_conf, {(SRV_NAME, SRV): targets}, lambda _: ask(url, "team")) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("authSource=admin&replicaSet=rs", "admin"),
        ("replicaSet=rs", ""),
        ("authSource=a b", ""),
        ("authSource=\u00fc", ""),
        ("authSource=" + "a" * 65, ""),
        ("", ""),
    ],
)
def test_the_auth_source_of_a_txt_record(resolv_conf: Path, value: str, expected: str) -> None:
    records = {("db.example.net", TXT): [text(value.encode().decode("latin-1"))]} if value else {}
    assert resolve(resolv_conf, records, lambda _: names.auth_source("db.example.net")) == expected


def test_a_url_by_srv_is_asked_at_its_servers(resolv_conf: Path) -> None:
    async def question(server: NameServer) -> list[bytes]:
        heard: list[bytes] = []

        async def hearing(visitor: Visitor) -> None:
            heard.append(await visitor.reader.read(4096))
            await never()

        async with hostile(hearing) as broker:
            records = {
                (SRV_NAME, SRV): [service("m.example.net", broker.port)],
                ("db.example.net", TXT): [text("authSource=users")],
                ("m.example.net", A): [address("127.0.0.1")],
            }
            server.records = records
            url = parse("mongodb+srv://app:p@db.example.net/chat?tls=false", SCHEMES)
            assert await ask(url, "team", Limits(seconds=1.0)) is BrokerAnswer.SILENT
        return heard

    (hello,) = resolve(resolv_conf, {}, question)
    assert b"users.app" in hello
