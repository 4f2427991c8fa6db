"""MongoDB's OP_MSG: `hello`, a SCRAM login, `ping`. Any member of a replica set answers them."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import replace

from socketio_operator.controller.brokers import bson, names
from socketio_operator.controller.brokers.limits import AnsweredError
from socketio_operator.controller.brokers.scram import SHA_1, SHA_256, Scram, prepared
from socketio_operator.controller.brokers.wire import Wire
from socketio_operator.desired.broker_url import BrokerAddress
from socketio_operator.plan.broker import BrokerAnswer

_OP_MSG = 2013
_HEAD = 21
# moreToCome: another message would follow, which nobody asked for.
_UNKNOWN_FLAGS = ~(1 << 16)
_ADMIN = "admin"
_ERRORS = {
    11: BrokerAnswer.REFUSED,  # UserNotFound
    13: BrokerAnswer.NOT_ALLOWED,  # Unauthorized
    18: BrokerAnswer.REFUSED,  # AuthenticationFailed
    334: BrokerAnswer.UNASKED,  # MechanismUnavailable
    8000: BrokerAnswer.REFUSED,  # Atlas's own
    91: BrokerAnswer.SILENT,  # ShutdownInProgress
    11600: BrokerAnswer.SILENT,  # InterruptedAtShutdown
}


async def located(address: BrokerAddress) -> BrokerAddress:
    """The address with the servers and the `authSource` that DNS knows for `mongodb+srv`. Raises AnsweredError."""
    (name, _), *_ = address.hosts
    source = address.auth_source or await names.auth_source(name)
    return replace(address, hosts=await names.servers(name), auth_source=source)


async def talk(wire: Wire, address: BrokerAddress) -> BrokerAnswer:
    """WELL if `ping` is answered after the login, if there is one. Raises AnsweredError."""
    if address.tls:
        await wire.start_tls(address.verified)
    source = address.auth_source or address.database or _ADMIN
    asked = {"saslSupportedMechs": f"{source}.{address.user}"} if address.user else {}
    hello = await _command(wire, {"hello": 1, **asked, "$db": _ADMIN})
    if address.user:
        await _login(wire, address, source, _mechanism(address, hello))
    await _command(wire, {"ping": 1, "$db": _ADMIN})
    return BrokerAnswer.WELL


def _mechanism(address: BrokerAddress, hello: Mapping[str, bson.Found]) -> str:
    """The URL's, or the best that the server has for this user. Raises AnsweredError if a URL is not enough."""
    if address.auth_mechanism:
        if address.auth_mechanism not in (SHA_256, SHA_1):
            raise AnsweredError(BrokerAnswer.UNASKED)
        return address.auth_mechanism
    listed = hello.get("saslSupportedMechs")
    offered = _decode(listed).values() if isinstance(listed, bytes) else ()
    return SHA_1 if SHA_1 in offered and SHA_256 not in offered else SHA_256


async def _login(wire: Wire, address: BrokerAddress, source: str, mechanism: str) -> None:
    login = Scram(mechanism, address.user, _password(address, mechanism), wire.limits.rounds)
    start: dict[str, bson.Value] = {"saslStart": 1, "mechanism": mechanism, "payload": login.first()}
    reply = await _command(wire, {**start, "options": {"skipEmptyExchange": True}, "$db": source})
    final = await login.final(_payload(reply))
    reply = await _continue(wire, reply, final, source)
    login.verify(_payload(reply))
    if reply.get("done") is not True:  # a server that knows no skipEmptyExchange
        reply = await _continue(wire, reply, b"", source)
    if reply.get("done") is not True:
        raise AnsweredError(BrokerAnswer.FOREIGN)


async def _continue(wire: Wire, reply: Mapping[str, bson.Found], payload: bytes, source: str) -> dict[str, bson.Found]:
    conversation = reply.get("conversationId")
    if not isinstance(conversation, int) or not 0 <= conversation < 2**31:
        raise AnsweredError(BrokerAnswer.FOREIGN)
    return await _command(
        wire, {"saslContinue": 1, "conversationId": int(conversation), "payload": payload, "$db": source}
    )


def _password(address: BrokerAddress, mechanism: str) -> bytes:
    if mechanism == SHA_256:
        return prepared(address.password)
    text = f"{address.user}:mongo:{address.password}".encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest().encode()


def _payload(reply: Mapping[str, bson.Found]) -> bytes:
    payload = reply.get("payload")
    if not isinstance(payload, bytes):
        raise AnsweredError(BrokerAnswer.FOREIGN)
    return payload


async def _command(wire: Wire, fields: Mapping[str, bson.Value]) -> dict[str, bson.Found]:
    """The reply of a command that succeeded. Raises AnsweredError for others."""
    body = struct.pack("<iB", 0, 0) + bson.encode(fields)
    await wire.write(struct.pack("<iiii", len(body) + 16, 1, 0, _OP_MSG) + body)
    head = await wire.read(_HEAD)
    length, _, answered, kind, flags, section = struct.unpack("<iiiiIB", head)
    if (answered, kind, flags & _UNKNOWN_FLAGS, section) != (1, _OP_MSG, 0, 0) or length < _HEAD:
        raise AnsweredError(BrokerAnswer.FOREIGN)
    reply = _decode(await wire.read(length - _HEAD))
    if reply.get("ok") == 1:
        return reply
    code = reply.get("code")
    raise AnsweredError(_ERRORS.get(code, BrokerAnswer.FOREIGN) if isinstance(code, int) else BrokerAnswer.FOREIGN)


def _decode(document: bytes) -> dict[str, bson.Found]:
    try:
        return bson.decode(document)
    except bson.BsonError:
        raise AnsweredError(BrokerAnswer.FOREIGN) from None
