"""SCRAM's client by the examples of its RFCs, and against servers that ask for too much."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.controller.brokers.scram import SHA_1, SHA_256, Scram, prepared
from socketio_operator.plan.broker import BrokerAnswer

RFC_5802 = (
    SHA_1,
    "fyko+d2lbbFgONRv9qkxdawL",
    b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)
RFC_7677 = (
    SHA_256,
    "rOprNGfwEbeRWgbNEkqO",
    b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)


@pytest.mark.parametrize(("mechanism", "nonce", "first", "challenge", "final", "signature"), [RFC_5802, RFC_7677])
def test_the_example_of_the_rfc(
    mechanism: str, nonce: str, first: bytes, challenge: bytes, final: bytes, signature: bytes
) -> None:
    login = Scram(mechanism, "user", b"pencil", 4096, nonce)
    assert login.first() == first
    assert asyncio.run(login.final(challenge)) == final
    login.verify(signature)
    for other in (b"v=" + signature[2:][::-1], b"v=", b"", signature[:-4], b"v=AAAA"):
        with pytest.raises(AnsweredError) as caught:
            login.verify(other)
        assert caught.value.answer is BrokerAnswer.FOREIGN


def test_names_are_escaped() -> None:
    assert Scram(SHA_256, "a=b,c", b"", 1, "n").first() == b"n,,n=a=3Db=2Cc,r=n"


def test_a_servers_error_is_a_refusal() -> None:
    with pytest.raises(AnsweredError) as caught:
        Scram(SHA_256, "", b"", 1).verify(b"e=invalid-proof")
    assert caught.value.answer is BrokerAnswer.REFUSED


def test_a_signature_before_the_proof() -> None:
    with pytest.raises(AnsweredError):
        Scram(SHA_256, "", b"", 1).verify(b"v=")


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"r=nonceX,s=c2FsdA==,i=4097",
        b"r=nonceX,s=c2FsdA==,i=2147483648",
        b"r=nonceX,s=c2FsdA==,i=99999999999999999999",
        b"r=nonceX,s=c2FsdA==,i=0",
        b"r=nonceX,s=c2FsdA==,i=-1",
        b"r=nonce,s=c2FsdA==,i=4096",
        b"r=otherX,s=c2FsdA==,i=4096",
        b"r=nonceX,s=,i=4096",
        b"r=nonceX,s=A,i=4096",
        b"m=x,r=nonceX,s=c2FsdA==,i=4096",
        b"\xff",
    ],
)
def test_challenges_that_are_not_answered(challenge: bytes) -> None:
    with pytest.raises(AnsweredError) as caught:
        asyncio.run(Scram(SHA_256, "", b"p", 4096, "nonce").final(challenge))
    assert caught.value.answer is BrokerAnswer.FOREIGN


@given(st.binary())
def test_any_challenge_ends_in_an_answer(challenge: bytes) -> None:
    with pytest.raises(AnsweredError):
        asyncio.run(Scram(SHA_256, "", b"p", 1, "nonce").final(challenge))


def test_the_loop_goes_on_meanwhile() -> None:
    async def ticks_while_computing() -> int:
        login = Scram(SHA_256, "", b"p", 200_000, "nonce")
        computing = asyncio.create_task(login.final(b"r=nonceX,s=c2FsdA==,i=200000"))
        ticks = 0
        while not computing.done():
            await asyncio.sleep(0)
            ticks += 1
        return ticks

    assert asyncio.run(ticks_while_computing()) > 10


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("user", "user"),
        ("I\u00adX", "IX"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007ü", "\u0007ü"),
        ("\u06271", "\u06271"),
        ("\u00ad", "\u00ad"),
    ],
)
def test_passwords_are_prepared(password: str, expected: str) -> None:
    assert prepared(password) == expected.encode()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_password_can_be_prepared(password: str) -> None:
    prepared(password).decode()
