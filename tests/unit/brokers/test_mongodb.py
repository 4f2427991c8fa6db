"""Probes of a real mongod."""

import asyncio
from collections.abc import Iterator

import pytest

from socketio_operator.controller.brokers import Limits, bson, mongodb
from socketio_operator.controller.brokers.wire import Wire, ask_hosts
from socketio_operator.desired.broker_url import BrokerAddress, parse
from socketio_operator.plan.broker import BrokerAnswer
from tests.cluster.certificates import Authority
from tests.unit.brokers.asking import SCHEMES, answer
from tests.unit.brokers.real_servers import Server, mongod
from tests.unit.brokers.relay import relayed


def _make_user(port: int, login: str, database: str, name: str, password: str, mechanism: str, role: str) -> None:
    """`login`: credentials of the URL of who makes the user."""
    address = parse(f"mongodb://{login}127.0.0.1:{port}/admin", SCHEMES)

    async def made(wire: Wire, address: BrokerAddress) -> BrokerAnswer:
        if address.user:
            await mongodb._login(wire, address, "admin", "SCRAM-SHA-256")
        command: dict[str, bson.Value] = {"createUser": name, "pwd": password, "$db": database}
        command |= {"roles": {"0": role}, "mechanisms": {"0": mechanism}}
        await mongodb._command(wire, command)
        return BrokerAnswer.WELL

    async def make() -> BrokerAnswer:
        deadline = asyncio.get_running_loop().time() + 20
        return await ask_hosts(address, made, Limits(), deadline, None)

    assert asyncio.run(make()) is BrokerAnswer.WELL


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Server]:
    """One that wants a login."""
    encode = bson._element
    with pytest.MonkeyPatch.context() as patch, mongod(authority) as started:

        def with_lists(name: str, value: bson.Value) -> bytes:
            encoded = encode(name, value)
            return b"\x04" + encoded[1:] if name in ("roles", "mechanisms") else encoded

        patch.setattr(bson, "_element", with_lists)
        _make_user(started.port, "", "admin", "root", "r", "SCRAM-SHA-256", "root")
        _make_user(started.port, "root:r@", "admin", "modern", "pässⅨ", "SCRAM-SHA-256", "readAnyDatabase")
        _make_user(started.port, "root:r@", "chat", "old", "pä:ss", "SCRAM-SHA-1", "readWrite")
        patch.undo()
        yield started


@pytest.mark.parametrize(
    ("credentials", "rest", "expected"),
    [
        ("", "", BrokerAnswer.WELL),
        ("modern:p%C3%A4ss%E2%85%A8@", "", BrokerAnswer.WELL),
        ("modern:p%C3%A4ssIX@", "/admin", BrokerAnswer.WELL),
        ("modern:p%C3%A4ssIX@", "/chat?authSource=admin&replicaSet=rs0", BrokerAnswer.WELL),
        ("modern:p%C3%A4ssIX@", "/?authMechanism=SCRAM-SHA-256", BrokerAnswer.WELL),
        ("modern:p%C3%A4ssIX@", "/chat", BrokerAnswer.REFUSED),
        ("modern:p%C3%A4ssIX@", "/?authMechanism=SCRAM-SHA-1", BrokerAnswer.REFUSED),
        ("modern:p%C3%A4ssIX@", "/?authMechanism=MONGODB-X509", BrokerAnswer.UNASKED),
        ("old:p%C3%A4%3Ass@", "/chat", BrokerAnswer.WELL),
        ("old:wrong@", "/chat", BrokerAnswer.REFUSED),
        ("modern:wrong@", "", BrokerAnswer.REFUSED),
        ("nobody:any@", "", BrokerAnswer.REFUSED),
        ("modern@", "", BrokerAnswer.REFUSED),
    ],
)
def test_logins(server: Server, credentials: str, rest: str, expected: BrokerAnswer) -> None:
    assert answer(f"mongodb://{credentials}127.0.0.1:{server.port}{rest}") is expected


@pytest.mark.parametrize("option", ["tls=true", "ssl=true", "TLS=true&tlsInsecure=true&connectTimeoutMS=0"])
def test_tls(server: Server, option: str) -> None:
    assert answer(f"mongodb://modern:p%C3%A4ssIX@localhost:{server.port}/?{option}") is BrokerAnswer.WELL


def test_the_first_member_that_is_well_counts(server: Server) -> None:
    hosts = f"127.0.0.1:1,127.0.0.1:{server.port},name.invalid"
    assert answer(f"mongodb://modern:p%C3%A4ssIX@{hosts}/?replicaSet=rs0") is BrokerAnswer.WELL
    assert answer(f"mongodb://modern:wrong@{hosts}/?replicaSet=rs0") is BrokerAnswer.REFUSED


@pytest.mark.parametrize("stage", range(12))
def test_a_connection_that_is_cut(server: Server, stage: int) -> None:
    with relayed(server.port) as relay:
        assert answer(f"mongodb://modern:p%C3%A4ssIX@127.0.0.1:{relay.port}") is BrokerAnswer.WELL
        relay.cut = relay.passed * stage // 12
        assert answer(f"mongodb://modern:p%C3%A4ssIX@127.0.0.1:{relay.port}") in (
            BrokerAnswer.SILENT,
            BrokerAnswer.FOREIGN,
        )
