"""Session ids that tell where the session lives, to those who have the cluster's key and to nobody else.

`<id>.<base64url(tag || body)>`: the tag authenticates id and location, and is the nonce under which the location is
encrypted (a synthetic IV, as in RFC 5297, with HMAC). So a client learns nothing from it, and nobody can forge one.
"""

from __future__ import annotations

import base64
import hmac
import re
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

TAG_BYTES = 16
REST = struct.Struct(">HIB")
# of the tag and a location with an IPv4 address (27 bytes) or an IPv6 one (39): no bits are left over
SEALS = re.compile(r"[A-Za-z0-9_-]{36}(?:[A-Za-z0-9_-]{16})?", re.ASCII)


@dataclass(frozen=True)
class Location:
    """`port`: of the runtime. `engine`: number of the Engine.IO server in its process."""

    address: IPv4Address | IPv6Address
    port: int
    process: int
    engine: int

    def pack(self) -> bytes:
        """11 or 23 bytes."""
        return self.address.packed + REST.pack(self.port, self.process, self.engine)


class Sealer:
    """`key`: text of the session key file."""

    def __init__(self, key: str) -> None:
        secret = key.strip().encode("utf-8")
        self._mac_key = _digest(secret, b"socketio-runtime session-id mac")
        self._enc_key = _digest(secret, b"socketio-runtime session-id enc")
        self._hop_key = _digest(secret, b"socketio-runtime session-id hop")

    def seal(self, session: str, location: Location) -> str:
        """The session id that a client gets."""
        packed = location.pack()
        tag = self._tag(session, packed)
        body = _xor(packed, _digest(self._enc_key, tag))
        return f"{session}.{base64.urlsafe_b64encode(tag + body).rstrip(b'=').decode()}"

    def unseal(self, sid: str) -> Location | None:
        """Where the session lives; None if this id was not sealed with our key."""
        session, dot, seal = sid.rpartition(".")
        if not dot or not SEALS.fullmatch(seal):
            return None
        sealed = base64.urlsafe_b64decode(seal)
        tag, body = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
        packed = _xor(body, _digest(self._enc_key, tag))
        if not hmac.compare_digest(tag, self._tag(session, packed)):
            return None
        return Location(ip_address(packed[: -REST.size]), *REST.unpack(packed[-REST.size :]))

    def hop(self, sid: str) -> str:
        """What shows another pod that a request of this session was handed on by a pod."""
        return _digest(self._hop_key, sid.encode("utf-8", "surrogatepass")).hex()

    # what a client sends need not be valid Unicode
    def _tag(self, session: str, packed: bytes) -> bytes:
        return _digest(self._mac_key, session.encode("utf-8", "surrogatepass") + b"\x00" + packed)[:TAG_BYTES]


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _xor(packed: bytes, stream: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(packed, stream))
