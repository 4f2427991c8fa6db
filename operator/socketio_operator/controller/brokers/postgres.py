"""PostgreSQL's protocol 3.0 up to the first ReadyForQuery: the database's own answer to a login."""

import hashlib
import struct

from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.controller.brokers.scram import SHA_256, Scram, prepared
from socketio_operator.controller.brokers.wire import Wire
from socketio_operator.desired.broker_url import BrokerAddress
from socketio_operator.plan.broker import BrokerAnswer

_PROTOCOL = 196608
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_TERMINATE = b"X" + struct.pack("!i", 4)
# Codes of AuthenticationRequest.
_OK, _CLEARTEXT, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 3, 5, 10, 11, 12
# Kerberos, SCM credentials, GSSAPI, SSPI: nothing a URL holds.
_ELSEWHERE = (2, 6, 7, 8, 9)
# ParameterStatus, BackendKeyData, NoticeResponse, NegotiateProtocolVersion.
_PASSING = b"SKNv"
_ERRORS = (
    (b"28", BrokerAnswer.REFUSED),  # invalid authorization
    (b"3D000", BrokerAnswer.NOT_ALLOWED),  # no such database
    (b"42501", BrokerAnswer.NOT_ALLOWED),  # no CONNECT on it
    (b"55000", BrokerAnswer.NOT_ALLOWED),  # it takes no connections
    (b"57P", BrokerAnswer.SILENT),  # starting, stopping
    (b"53", BrokerAnswer.SILENT),  # too many connections
)


async def talk(wire: Wire, address: BrokerAddress) -> BrokerAnswer:
    """WELL when ready for a query. Over TLS if the server offers it, as libpq does. Raises AnsweredError."""
    await wire.write(_SSL_REQUEST)
    offered = await wire.read(1)
    if offered not in (b"S", b"N") or (address.tls and offered == b"N"):
        raise AnsweredError(BrokerAnswer.FOREIGN)
    if offered == b"S":
        await wire.start_tls(address.verified)
    return await _login(wire, address)


async def talk_in_clear(wire: Wire, address: BrokerAddress) -> BrokerAnswer:
    """The same without TLS, for a URL that leaves the choice and a server whose TLS is out of date."""
    return await _login(wire, address)


async def _login(wire: Wire, address: BrokerAddress) -> BrokerAnswer:
    if not address.user:  # clients then take the name of the process's user, which only a pod has
        raise AnsweredError(BrokerAnswer.UNASKED)
    settings = {"user": address.user, "database": address.database or address.user, "client_encoding": "UTF8"}
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in settings.items()) + b"\0"
    await wire.write(struct.pack("!ii", len(body) + 8, _PROTOCOL) + body)
    await _authenticate(wire, address)
    while (message := await _message(wire))[0] != b"Z":
        if message[0] not in _PASSING:
            raise AnsweredError(BrokerAnswer.FOREIGN)
    await wire.write(_TERMINATE)
    return BrokerAnswer.WELL


async def _authenticate(wire: Wire, address: BrokerAddress) -> None:
    code, data = await _request(wire)
    if code == _OK:
        return
    if code in _ELSEWHERE:
        raise AnsweredError(BrokerAnswer.UNASKED)
    if not address.password:
        raise AnsweredError(BrokerAnswer.REFUSED)
    if code == _CLEARTEXT:
        await _send(wire, address.password.encode() + b"\0")
    elif code == _MD5 and len(data) == 4:
        await _send(wire, _md5(address, data) + b"\0")
    elif code == _SASL:
        await _scram(wire, address, data)
    else:
        raise AnsweredError(BrokerAnswer.FOREIGN)
    await _expect(wire, _OK)


async def _scram(wire: Wire, address: BrokerAddress, offered: bytes) -> None:
    if SHA_256.encode() not in offered.split(b"\0"):
        raise AnsweredError(BrokerAnswer.UNASKED)
    # the server takes the name of the start-up message
    login = Scram(SHA_256, "", prepared(address.password), wire.limits.rounds)
    first = login.first()
    await _send(wire, SHA_256.encode() + b"\0" + struct.pack("!i", len(first)) + first)
    await _send(wire, await login.final(await _expect(wire, _SASL_CONTINUE)))
    login.verify(await _expect(wire, _SASL_FINAL))


def _md5(address: BrokerAddress, salt: bytes) -> bytes:
    inner = _md5_hex((address.password + address.user).encode())
    return b"md5" + _md5_hex(inner + salt)


def _md5_hex(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).hexdigest().encode()


async def _send(wire: Wire, body: bytes) -> None:
    """A PasswordMessage or SASLResponse; both have this type."""
    await wire.write(b"p" + struct.pack("!i", len(body) + 4) + body)


async def _expect(wire: Wire, code: int) -> bytes:
    found, data = await _request(wire)
    if found != code:
        raise AnsweredError(BrokerAnswer.FOREIGN)
    return data


async def _request(wire: Wire) -> tuple[int, bytes]:
    """Code and data of an AuthenticationRequest."""
    while (message := await _message(wire))[0] in _PASSING:
        pass
    kind, body = message
    if kind != b"R" or len(body) < 4:
        raise AnsweredError(BrokerAnswer.FOREIGN)
    return int.from_bytes(body[:4]), body[4:]


async def _message(wire: Wire) -> tuple[bytes, bytes]:
    """Type and body. Raises AnsweredError for an ErrorResponse."""
    head = await wire.read(5)
    length = int.from_bytes(head[1:], signed=True) - 4
    if length < 0:
        raise AnsweredError(BrokerAnswer.FOREIGN)
    kind, body = head[:1], await wire.read(length)
    if kind == b"E":
        raise AnsweredError(_error(body))
    return kind, body


def _error(body: bytes) -> BrokerAnswer:
    codes = [field[1:] for field in body.split(b"\0") if field[:1] == b"C"]
    state = codes[0] if codes else b""
    return next((answer for start, answer in _ERRORS if state.startswith(start)), BrokerAnswer.FOREIGN)
