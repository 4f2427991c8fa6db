"""A name server whose answers the test decides: the pods of the one headless Service, by A and by SRV records."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import cast

A, SRV = 1, 33
ANSWER, NO_SUCH_NAME = 0x8580, 0x8583
# A pointer to the name of the question.
_ASKED = b"\xc0\x0c"


@dataclass
class Names(asyncio.DatagramProtocol):
    """On UDP; `addresses` are those of the pods now. It is silent while `away`."""

    port: int
    addresses: list[str] = field(default_factory=list)
    away: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.away:
            return
        labels, end = _labels(data)
        (kind,) = struct.unpack(">H", data[end : end + 2])
        records = self._records(labels, kind)
        found = ANSWER if records is not None else NO_SUCH_NAME
        head = data[:2] + struct.pack(">5H", found, 1, len(records or ()), 0, 0)
        self._transport.sendto(head + data[12 : end + 4] + b"".join(records or ()), addr)

    def _records(self, labels: list[str], kind: int) -> list[bytes] | None:
        """The records of a name; None if there is none of that name."""
        if "chat-endpoints" not in labels or not self.addresses:
            return None
        if kind == SRV and labels[0] == "_http":
            return [_record(SRV, struct.pack(">3H", 0, 10, self.port) + _target(one)) for one in self.addresses]
        of_one = [one for one in self.addresses if one.replace(".", "-") == labels[0]]
        wanted = of_one or (self.addresses if labels[0] == "chat-endpoints" else [])
        return [_record(A, ipaddress.ip_address(one).packed) for one in wanted if kind == A]


def _labels(query: bytes) -> tuple[list[str], int]:
    """The labels of the name that is asked for, and where the name ends."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return labels, at + 1


def _record(kind: int, content: bytes) -> bytes:
    return _ASKED + struct.pack(">HHIH", kind, 1, 1, len(content)) + content


def _target(address: str) -> bytes:
    labels = (address.replace(".", "-"), "chat-endpoints", "team", "svc", "cluster", "local")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
