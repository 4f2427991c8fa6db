"""Redis: AUTH, SELECT of the URL's database, PING. A member of a cluster or a sentinel answers them, too."""

from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.controller.brokers.wire import Wire
from socketio_operator.desired.broker_url import BrokerAddress
from socketio_operator.plan.broker import BrokerAnswer

_ERRORS = (
    (b"-NOAUTH", BrokerAnswer.REFUSED),
    (b"-WRONGPASS", BrokerAnswer.REFUSED),
    (b"-DENIED", BrokerAnswer.REFUSED),
    (b"-NOPERM", BrokerAnswer.NOT_ALLOWED),
    (b"-LOADING", BrokerAnswer.SILENT),
    (b"-MASTERDOWN", BrokerAnswer.SILENT),
    (b"-ERR max number of clients reached", BrokerAnswer.SILENT),
)


async def talk(wire: Wire, address: BrokerAddress) -> BrokerAnswer:
    """WELL for PONG. Raises AnsweredError."""
    if address.tls:
        await wire.start_tls(address.verified)
    if address.user or address.password:
        credentials = [address.user, address.password] if address.user else [address.password]
        await _command(wire, "AUTH", *credentials, expected=b"+OK", failed=BrokerAnswer.REFUSED)
    if address.database.isascii() and address.database.isdigit() and address.database.strip("0"):
        await _command(wire, "SELECT", address.database, expected=b"+OK", failed=BrokerAnswer.NOT_ALLOWED)
    await _command(wire, "PING", expected=b"+PONG", failed=BrokerAnswer.FOREIGN)
    return BrokerAnswer.WELL


async def _command(wire: Wire, *words: str, expected: bytes, failed: BrokerAnswer) -> None:
    """`failed` is what an error without a meaning of its own means here."""
    parts = [b"*%d\r\n" % len(words)]
    for word in (word.encode() for word in words):
        parts.append(b"$%d\r\n%b\r\n" % (len(word), word))
    await wire.write(b"".join(parts))
    line = await wire.line()
    if line == expected:
        return
    for start, answer in _ERRORS:
        if line.startswith(start):
            raise AnsweredError(answer)
    raise AnsweredError(failed if line.startswith(b"-ERR") else BrokerAnswer.FOREIGN)
