"""Probes of servers that are no brokers: each ends in time, in bounds, and with a fixed answer."""

import asyncio
import itertools
import ssl
import struct
import time

import pytest

from socketio_operator.controller.brokers import Limits, bson
from socketio_operator.plan.broker import BrokerAnswer
from tests.cluster.certificates import Authority
from tests.unit.brokers.asking import asked
from tests.unit.brokers.hostile import Behaviour, Visitor, hostile, never

LIMITS = Limits(seconds=0.6)
# For a loop that other work keeps busy; far below what any server here would take by itself.
SLACK_SECONDS = 3.0
URLS = ["redis://u:p@127.0.0.1", "postgres://u:p@127.0.0.1", "mongodb://u:p@127.0.0.1"]
TLS_URLS = [
    "rediss://u:p@localhost",
    "postgres://u:p@localhost?sslmode=verify-full",
    "mongodb://u:p@localhost?tls=true",
]
every_protocol = pytest.mark.parametrize("url", URLS)


def at(url: str, port: int) -> str:
    head, question, query = url.partition("?")
    return f"{head}:{port}/{question}{query}"


def probe(url: str, behaviour: Behaviour, limits: Limits = LIMITS, tls: ssl.SSLContext | None = None) -> BrokerAnswer:
    """The answer, after a check of time and of the bytes that the server got rid of."""

    async def ask() -> BrokerAnswer:
        async with hostile(behaviour, tls) as server:
            begun = time.monotonic()
            answer = await asked(at(url, server.port), limits)
            assert time.monotonic() - begun < limits.seconds + SLACK_SECONDS
        assert server.connections > 0 or tls
        # what was read, and the buffers of both kernels and of the server's transport
        assert server.sent <= server.connections * (limits.total_bytes + 128 * 1024)
        return answer

    return asyncio.run(ask())


@every_protocol
def test_one_that_says_nothing(url: str) -> None:
    async def silent(visitor: Visitor) -> None:
        await never()

    assert probe(url, silent) is BrokerAnswer.SILENT


@every_protocol
@pytest.mark.parametrize("tls", [False, True])
def test_one_that_closes_at_once(url: str, tls: bool) -> None:
    async def closing(visitor: Visitor) -> None:
        return

    assert probe(dict(zip(URLS, TLS_URLS, strict=True))[url] if tls else url, closing) is BrokerAnswer.SILENT


DRIPS = {
    URLS[0]: b"+" * 1000,
    URLS[1]: b"N" + b"R\0\0\x10\0" + bytes(1000),
    URLS[2]: struct.pack("<iiiiIB", 4096, 1, 1, 2013, 0, 0) + bytes(1000),
}


@every_protocol
def test_one_that_sends_a_byte_at_a_time(url: str) -> None:
    async def dripping(visitor: Visitor) -> None:
        for byte in DRIPS[url]:
            await visitor.say(bytes([byte]))
            await asyncio.sleep(0.05)

    assert probe(url, dripping) is BrokerAnswer.SILENT


FLOODS = {
    "a line without end": (URLS[0], b"", b"+" * 65536),
    "bulk string": (URLS[0], b"", b"$157286400\r\n" + b"x" * 65536),
    "garbage": (URLS[1], b"", b"S" * 65536),
    "a long message": (URLS[1], b"N", b"R\x09\0\0\0" + b"x" * 65536),
    "notices": (URLS[1], b"N", b"N\0\0\x01\0" + b"x" * 252),
    "statuses after the login": (URLS[1], b"NR\0\0\0\x08\0\0\0\0", b"S\0\0\x01\0" + b"x" * 252),
    "a long reply": (URLS[2], b"", struct.pack("<iiiiIB", 157286400, 1, 1, 2013, 0, 0) + b"x" * 65536),
    "http": (URLS[2], b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
}


@pytest.mark.parametrize("name", FLOODS)
def test_150_megabytes(name: str) -> None:
    url, head, block = FLOODS[name]

    async def flooding(visitor: Visitor) -> None:
        await visitor.heard()
        await visitor.say(head)
        for _ in range(150 * 1024 * 1024 // len(block)):
            await visitor.say(block)

    assert probe(url, flooding, Limits(seconds=5.0)) is BrokerAnswer.FOREIGN


def server_tls(authority: Authority, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = authority.server(names[0], names)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def test_150_megabytes_over_tls(authority: Authority) -> None:
    async def flooding(visitor: Visitor) -> None:
        while visitor.sent < 150 * 1024 * 1024:
            await visitor.say(b"+" * 65536)

    answer = probe(TLS_URLS[0], flooding, Limits(seconds=5.0), server_tls(authority, "localhost"))
    assert answer is BrokerAnswer.FOREIGN


@pytest.mark.parametrize("url", [TLS_URLS[0], TLS_URLS[2]])
def test_a_certificate_of_another_host_or_of_nobody(
    url: str, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    heard: list[bytes] = []

    async def listening(visitor: Visitor) -> None:
        heard.append(await visitor.reader.read(1))

    nobody = Authority(tmp_path_factory.mktemp("nobody"))
    for context in (server_tls(authority, "elsewhere"), server_tls(nobody, "localhost")):
        assert probe(url, listening, Limits(seconds=5.0), context) is BrokerAnswer.UNASKED
    assert not any(heard)


@pytest.mark.parametrize("url", TLS_URLS)
def test_a_handshake_without_end(url: str) -> None:
    async def greeting(visitor: Visitor) -> None:
        if url.startswith("postgres"):
            await visitor.heard(8)
            await visitor.say(b"S")
        await visitor.heard()
        await visitor.say(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
        for _ in range(1000):
            await visitor.say(b"\0")
            await asyncio.sleep(0.05)

    assert probe(url, greeting) is BrokerAnswer.SILENT


@pytest.mark.parametrize("url", TLS_URLS)
def test_a_handshake_of_garbage(url: str) -> None:
    async def greeting(visitor: Visitor) -> None:
        if url.startswith("postgres"):
            await visitor.heard(8)
            await visitor.say(b"S")
        await visitor.heard()
        await visitor.say(b"-ERR unknown command\r\n" * 1000)
        await never()

    assert probe(url, greeting) is BrokerAnswer.FOREIGN


def test_bytes_in_clear_before_the_handshake() -> None:
    async def injecting(visitor: Visitor) -> None:
        await visitor.heard(8)
        await visitor.say(b"SR\0\0\0\x08\0\0\0\0")
        await never()

    assert probe(TLS_URLS[1], injecting) is BrokerAnswer.FOREIGN


def request(code: int, data: bytes) -> bytes:
    return b"R" + struct.pack("!ii", len(data) + 8, code) + data


SASL = b"N" + request(10, b"SCRAM-SHA-256\0\0")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"E", BrokerAnswer.FOREIGN),
        (b"NR\xff\xff\xff\xff", BrokerAnswer.FOREIGN),
        (b"NR\0\0\0\0", BrokerAnswer.FOREIGN),
        (b"NR\x7f\xff\xff\xff", BrokerAnswer.FOREIGN),
        (b"NR\0\0\0\x04", BrokerAnswer.FOREIGN),
        (b"NT\0\0\0\x04", BrokerAnswer.FOREIGN),
        (b"N" + request(5, b"abc"), BrokerAnswer.FOREIGN),
        (b"N" + request(99, b""), BrokerAnswer.FOREIGN),
        (b"N" + request(7, b""), BrokerAnswer.UNASKED),
        (b"N" + request(10, b"SCRAM-SHA-512\0\0"), BrokerAnswer.UNASKED),
        (SASL + request(11, b"r=x,s=eA==,i=1"), BrokerAnswer.FOREIGN),
        (SASL + request(0, b""), BrokerAnswer.FOREIGN),
        (b"N" + request(0, b"") + b"Z\0\0\0\x05I", BrokerAnswer.WELL),
        (b"NE\0\0\0\x04", BrokerAnswer.FOREIGN),
        (b"NE\0\0\0\x0dSFATAL\0\0\0", BrokerAnswer.FOREIGN),
        (b"NE\0\0\0\x0cC57P03\0\0", BrokerAnswer.SILENT),
        (b"NE\0\0\0\x0cC28P01\0\0", BrokerAnswer.REFUSED),
        (b"NE\0\0\0\x0cC3D000\0\0", BrokerAnswer.NOT_ALLOWED),
        (b"NE\0\0\0\x0cCXX000\0\0", BrokerAnswer.FOREIGN),
    ],
)
def test_answers_of_a_postgres(said: bytes, expected: BrokerAnswer) -> None:
    async def saying(visitor: Visitor) -> None:
        await visitor.heard(8)
        await visitor.say(said)
        await never()

    assert probe(URLS[1] + "?sslmode=prefer", saying) is expected


def rounds_of(rounds: int, first: bytes) -> bytes:
    nonce = first.partition(b"r=")[2].split(b"\0")[0]
    return b"r=%b!,s=c2FsdA==,i=%d" % (nonce, rounds)


@pytest.mark.parametrize("rounds", [200_001, 2**31, 2**31 - 1])
def test_a_postgres_that_asks_for_too_many_rounds(rounds: int) -> None:
    async def asking(visitor: Visitor) -> None:
        if await visitor.reader.readexactly(4) == b"\0\0\0\x08":
            await visitor.reader.readexactly(4)
            await visitor.say(b"N")
            await visitor.heard(4)
        await visitor.heard()
        await visitor.say(SASL[1:])
        await visitor.say(request(11, rounds_of(rounds, await visitor.reader.read(4096))))
        await never()

    begun = time.process_time()
    assert probe(URLS[1], asking, Limits(seconds=5.0)) is BrokerAnswer.FOREIGN
    assert time.process_time() - begun < 1.0


def test_a_postgres_that_does_not_know_the_password() -> None:
    async def pretending(visitor: Visitor) -> None:
        if await visitor.reader.readexactly(4) == b"\0\0\0\x08":
            await visitor.reader.readexactly(4)
            await visitor.say(b"N")
            await visitor.heard(4)
        await visitor.heard()
        await visitor.say(SASL[1:])
        await visitor.say(request(11, rounds_of(4096, await visitor.reader.read(4096))))
        await visitor.heard()
        await visitor.say(request(12, b"v=" + b"A" * 43 + b"=") + request(0, b"") + b"Z\0\0\0\x05I")
        await never()

    assert probe(URLS[1], pretending, Limits(seconds=5.0)) is BrokerAnswer.FOREIGN


def reply(body: bytes, **changed: int) -> bytes:
    head = {"length": len(body) + 21, "id": 1, "to": 1, "code": 2013, "flags": 0, "kind": 0, **changed}
    return struct.pack("<iiiiIB", *head.values()) + body


OK = bson.encode({"ok": 1})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (reply(OK, length=-1), BrokerAnswer.FOREIGN),
        (reply(OK, length=20), BrokerAnswer.FOREIGN),
        (reply(OK, length=2**31 - 1), BrokerAnswer.FOREIGN),
        (reply(OK, to=2), BrokerAnswer.FOREIGN),
        (reply(OK, code=1), BrokerAnswer.FOREIGN),
        (reply(OK, flags=2), BrokerAnswer.FOREIGN),
        (reply(OK, kind=1), BrokerAnswer.FOREIGN),
        (reply(OK + b"\0"), BrokerAnswer.FOREIGN),
        (reply(b""), BrokerAnswer.FOREIGN),
        (reply(bson.encode({"ok": 0})), BrokerAnswer.FOREIGN),
        (reply(bson.encode({"ok": 0, "code": "18"})), BrokerAnswer.FOREIGN),
        (reply(bson.encode({"ok": 0, "code": 18})), BrokerAnswer.REFUSED),
        (reply(bson.encode({"ok": 0, "code": 13})), BrokerAnswer.NOT_ALLOWED),
        (reply(bson.encode({"ok": 0, "code": 11600})), BrokerAnswer.SILENT),
        (reply(OK) * 3, BrokerAnswer.FOREIGN),
        (reply(OK) + reply(bson.encode({"ok": 1, "payload": b"r=x,s=eA==,i=1"})), BrokerAnswer.FOREIGN),
        (reply(bson.encode({"ok": 1, "saslSupportedMechs": b"\xff"})) * 2, BrokerAnswer.FOREIGN),
    ],
)
def test_answers_of_a_mongod(said: bytes, expected: BrokerAnswer) -> None:
    async def saying(visitor: Visitor) -> None:
        await visitor.heard()
        await visitor.say(said)
        await never()

    assert probe(URLS[2], saying) is expected


@pytest.mark.parametrize("conversation", [None, "1", -1, 1])
def test_a_mongod_that_asks_for_too_much_or_nothing_it_may(conversation: int | str | None) -> None:
    rounds = 2**31 if conversation == 1 else 4096

    async def asking(visitor: Visitor) -> None:
        await visitor.heard()
        await visitor.say(reply(OK))
        first = (await visitor.reader.read(4096)).partition(b"n,,")[2]
        challenge: dict[str, bson.Value] = {"ok": 1, "payload": rounds_of(rounds, first.partition(b"\x03")[0])}
        if conversation is not None:
            challenge["conversationId"] = conversation
        await visitor.say(reply(bson.encode(challenge)))
        await never()

    assert probe(URLS[2], asking, Limits(seconds=5.0)) is BrokerAnswer.FOREIGN


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (b"+OK\r\n+PONG\r\n", BrokerAnswer.WELL),
        (b"-LOADING Redis is loading the dataset in memory\r\n", BrokerAnswer.SILENT),
        (b"-MASTERDOWN Link with MASTER is down\r\n", BrokerAnswer.SILENT),
        (b"-DENIED Redis is running in protected mode\r\n", BrokerAnswer.REFUSED),
        (b"-WRONGPASS invalid\r\n", BrokerAnswer.REFUSED),
        (b"-ERR invalid password\r\n", BrokerAnswer.REFUSED),
        (b"+OK\r\n-NOAUTH Authentication required.\r\n", BrokerAnswer.REFUSED),
        (b"+OK\r\n-NOPERM no\r\n", BrokerAnswer.NOT_ALLOWED),
        (b"+OK\r\n-MISCONF disk\r\n", BrokerAnswer.FOREIGN),
        (b"+OK\r\n-ERR unknown command\r\n", BrokerAnswer.FOREIGN),
        (b"+PONG\r\n+OK\r\n", BrokerAnswer.FOREIGN),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", BrokerAnswer.FOREIGN),
        (b"\r\n", BrokerAnswer.FOREIGN),
        (b"*2147483647\r\n", BrokerAnswer.FOREIGN),
        (b"\xff\xfe\0\r\n", BrokerAnswer.FOREIGN),
    ],
)
def test_answers_of_a_redis(lines: bytes, expected: BrokerAnswer) -> None:
    async def saying(visitor: Visitor) -> None:
        await visitor.say(lines)
        await never()

    assert probe(URLS[0], saying) is expected


@every_protocol
def test_half_a_message_is_not_silence(url: str) -> None:
    async def stopping(visitor: Visitor) -> None:
        await visitor.heard()
        await visitor.say(DRIPS[url][:2] if url != URLS[1] else b"NR")
        visitor.writer.close()
        await visitor.writer.wait_closed()

    assert probe(url, stopping) is BrokerAnswer.FOREIGN


def test_a_hundred_at_once_hold_up_nobody() -> None:
    async def both() -> tuple[list[BrokerAnswer], float]:
        async def silent(visitor: Visitor) -> None:
            await never()

        async def well(visitor: Visitor) -> None:
            await visitor.say(b"+OK\r\n+PONG\r\n")
            await never()

        patient = Limits(seconds=5.0)
        async with hostile(silent) as bad, hostile(well) as good:
            waiting = [
                asyncio.create_task(asked(at(url, bad.port), patient))
                for _, url in zip(range(99), itertools.cycle(URLS), strict=False)
            ]
            begun = time.monotonic()
            answers = [await asked(at(URLS[0], good.port), patient)]
            taken = time.monotonic() - begun
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return answers, taken

    answers, taken = asyncio.run(both())
    assert answers == [BrokerAnswer.WELL]
    assert taken < 3.0
