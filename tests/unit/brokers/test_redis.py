"""Probes of a real Redis."""

import socket
from collections.abc import Iterator

import pytest

from socketio_operator.controller.brokers import Limits
from socketio_operator.plan.broker import BrokerAnswer
from tests.cluster.certificates import Authority
from tests.cluster.waiting import wait_for
from tests.unit.brokers.asking import answer
from tests.unit.brokers.real_servers import Server, redis
from tests.unit.brokers.relay import relayed

pytestmark = pytest.mark.usefixtures("authority")


@pytest.fixture(scope="module")
def locked(authority: Authority) -> Iterator[Server]:
    """One with a password, and users who may do all or nothing but log in."""
    with redis(
        authority,
        "requirepass s3cret%",
        "user app on >pässword ~* &* +@all",
        "user guest on >guest ~* +auth",
    ) as server:
        yield server


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        (":s3cret%25@", BrokerAnswer.WELL),
        ("default:s3cret%25@", BrokerAnswer.WELL),
        ("app:p%C3%A4ssword@", BrokerAnswer.WELL),
        (":wrong@", BrokerAnswer.REFUSED),
        ("nobody:s3cret%25@", BrokerAnswer.REFUSED),
        ("", BrokerAnswer.REFUSED),
        ("guest:guest@", BrokerAnswer.NOT_ALLOWED),
    ],
)
def test_credentials(locked: Server, credentials: str, expected: BrokerAnswer) -> None:
    assert answer(f"redis://{credentials}127.0.0.1:{locked.port}") is expected
    assert answer(f"rediss://{credentials}localhost:{locked.tls_port}/0") is expected


def test_a_database_that_does_not_exist(locked: Server) -> None:
    assert answer(f"redis://:s3cret%25@127.0.0.1:{locked.port}/3") is BrokerAnswer.WELL
    assert answer(f"redis://:s3cret%25@127.0.0.1:{locked.port}/99") is BrokerAnswer.NOT_ALLOWED


def test_a_password_for_a_server_without_one(authority: Authority) -> None:
    with redis(authority) as open_to_all:
        assert answer(f"redis://127.0.0.1:{open_to_all.port}") is BrokerAnswer.WELL
        assert answer(f"redis://:any@127.0.0.1:{open_to_all.port}") is BrokerAnswer.REFUSED


def test_options_of_the_url_change_nothing(locked: Server) -> None:
    url = f"redis://:s3cret%25@127.0.0.1:{locked.port}?family=0&socket_timeout=86400&protocol=9&decode_responses=x"
    assert answer(url) is BrokerAnswer.WELL


def test_a_server_that_is_full(authority: Authority) -> None:
    with redis(authority, "maxclients 1") as full:
        url = f"redis://127.0.0.1:{full.port}"
        wait_for(lambda: answer(url) is BrokerAnswer.WELL, 10, "the only place to be free")
        with socket.create_connection(("127.0.0.1", full.port)) as taken:
            taken.sendall(b"PING\r\n")
            assert taken.recv(100) == b"+PONG\r\n"
            assert answer(url) is BrokerAnswer.SILENT


def test_tls_where_none_is_spoken_and_none_where_it_is(locked: Server) -> None:
    hurried = Limits(seconds=0.5)  # Redis waits for the rest of what it takes for a command
    assert answer(f"rediss://:s3cret%25@127.0.0.1:{locked.port}", hurried) is BrokerAnswer.SILENT
    assert answer(f"redis://:s3cret%25@127.0.0.1:{locked.tls_port}", hurried) is BrokerAnswer.SILENT


@pytest.mark.parametrize("stage", range(12))
def test_a_connection_that_is_cut(locked: Server, stage: int) -> None:
    with relayed(locked.port) as relay:
        assert answer(f"redis://:s3cret%25@127.0.0.1:{relay.port}") is BrokerAnswer.WELL
        relay.cut = relay.passed * stage // 12
        assert answer(f"redis://:s3cret%25@127.0.0.1:{relay.port}") in (BrokerAnswer.SILENT, BrokerAnswer.FOREIGN)
