"""Probes of a real PostgreSQL."""

from collections.abc import Iterator

import pytest

from socketio_operator.plan.broker import BrokerAnswer
from tests.cluster.certificates import Authority
from tests.cluster.waiting import wait_for
from tests.unit.brokers.asking import answer
from tests.unit.brokers.real_servers import Server, postgres
from tests.unit.brokers.relay import relayed

ACCESS = """
hostssl all   trusting 127.0.0.1/32 trust
host    all   trusting 127.0.0.1/32 trust
host    all   plain    127.0.0.1/32 password
host    all   hashed   127.0.0.1/32 md5
host    all   locked   127.0.0.1/32 reject
host    all   all      127.0.0.1/32 scram-sha-256
"""
STATEMENTS = """
CREATE ROLE trusting LOGIN
CREATE ROLE plain LOGIN PASSWORD 'p l'
CREATE ROLE app LOGIN PASSWORD 'pässwörd%,=Ⅸ'
CREATE ROLE busy LOGIN PASSWORD 'b' CONNECTION LIMIT 0
CREATE ROLE stranger LOGIN PASSWORD 's'
CREATE ROLE locked LOGIN
CREATE ROLE costly LOGIN PASSWORD 'SCRAM-SHA-256$900000:c2FsdHNhbHRzYWx0c2FsdA==$uqbTO+PBAlmsdkT1UPWCbY9Bf6YyPSkL0s8VTOGqJ9g=:QRTXBG1WbVQh0W5Oo9FP94cyhWCYSGXPFwgyFmWgR20='
SET password_encryption = 'md5'
CREATE ROLE hashed LOGIN PASSWORD 'hä'
CREATE DATABASE chat
CREATE DATABASE closed ALLOW_CONNECTIONS false
REVOKE CONNECT ON DATABASE chat FROM PUBLIC
GRANT CONNECT ON DATABASE chat TO trusting, plain, app, hashed
"""  # noqa: E501
APP = "app:p%C3%A4ssw%C3%B6rd%25,=%E2%85%A8"


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Server]:
    """One that takes every way to log in, over TLS and in clear."""
    with postgres(authority, ACCESS, STATEMENTS) as started:
        url = f"postgres://trusting@127.0.0.1:{started.port}/chat"
        wait_for(lambda: answer(url) is BrokerAnswer.WELL, 30, "the end of the start-up")
        yield started


CASES = [
    ("trusting@", "chat", BrokerAnswer.WELL),
    ("plain:p%20l@", "chat", BrokerAnswer.WELL),
    ("plain:wrong@", "chat", BrokerAnswer.REFUSED),
    ("hashed:h%C3%A4@", "chat", BrokerAnswer.WELL),
    ("hashed:wrong@", "chat", BrokerAnswer.REFUSED),
    (f"{APP}@", "chat", BrokerAnswer.WELL),
    ("app:wrong@", "chat", BrokerAnswer.REFUSED),
    ("app@", "chat", BrokerAnswer.REFUSED),
    ("nobody:any@", "chat", BrokerAnswer.REFUSED),
    ("locked:any@", "chat", BrokerAnswer.REFUSED),
    (f"{APP}@", "absent", BrokerAnswer.NOT_ALLOWED),
    (f"{APP}@", "closed", BrokerAnswer.NOT_ALLOWED),
    ("stranger:s@", "chat", BrokerAnswer.NOT_ALLOWED),
    ("busy:b@", "postgres", BrokerAnswer.SILENT),
    ("costly:c@", "postgres", BrokerAnswer.FOREIGN),
    ("", "chat", BrokerAnswer.UNASKED),
]


@pytest.mark.parametrize(("credentials", "database", "expected"), CASES)
def test_logins(server: Server, credentials: str, database: str, expected: BrokerAnswer) -> None:
    assert answer(f"postgres://{credentials}127.0.0.1:{server.port}/{database}") is expected


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full", "prefer&host=elsewhere&connect_timeout=0"])
def test_tls(server: Server, mode: str) -> None:
    assert answer(f"postgresql://{APP}@localhost:{server.port}/chat?sslmode={mode}") is BrokerAnswer.WELL


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("prefer", BrokerAnswer.WELL), ("require", BrokerAnswer.FOREIGN), ("verify-full", BrokerAnswer.FOREIGN)],
)
def test_a_server_without_tls(server: Server, mode: str, expected: BrokerAnswer) -> None:
    with relayed(server.port, no_tls=True) as relay:
        assert answer(f"postgres://{APP}@127.0.0.1:{relay.port}/chat?sslmode={mode}") is expected


def test_the_first_host_that_is_well_counts(server: Server) -> None:
    hosts = f"127.0.0.1:1,127.0.0.1:{server.port},name.invalid:5432"
    assert answer(f"postgres://{APP}@{hosts}/chat") is BrokerAnswer.WELL
    assert answer(f"postgres://app:wrong@{hosts}/chat") is BrokerAnswer.REFUSED


@pytest.mark.parametrize("stage", range(12))
def test_a_connection_that_is_cut(server: Server, stage: int) -> None:
    with relayed(server.port, no_tls=True) as relay:
        assert answer(f"postgres://{APP}@127.0.0.1:{relay.port}/chat") is BrokerAnswer.WELL
        relay.cut = relay.passed * stage // 12
        assert answer(f"postgres://{APP}@127.0.0.1:{relay.port}/chat") in (BrokerAnswer.SILENT, BrokerAnswer.FOREIGN)
