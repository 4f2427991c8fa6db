"""A DNS server on loopback, with whatever answers a tenant's own could give."""

import asyncio
import ipaddress
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

A, CNAME, TXT, AAAA, SRV = 1, 5, 16, 28, 33
_NXDOMAIN = 0x8183
_FOUND = 0x8180
# A pointer to the name in the question.
_NAME = b"\xc0\x0c"

Records = Mapping[tuple[str, int], Sequence[bytes] | None]


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """`records`: data by name and type; None: no answer at all. `asked`: names in order of the questions.
    `heard`: set by each.
    """

    records: Records
    asked: list[str] = field(default_factory=list)
    port: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of asyncio."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Of asyncio."""
        end, labels = 12, []
        while size := data[end]:
            labels.append(data[end + 1 : end + 1 + size].decode())
            end += size + 1
        name, kind = ".".join(labels).lower(), struct.unpack_from("!H", data, end + 1)[0]
        self.asked.append(name)
        self.heard.set()
        known = any(asked == name for asked, _ in self.records)
        found = self.records.get((name, kind), ())
        if found is None:
            return
        flags = _FOUND if known else _NXDOMAIN
        head = data[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + data[12 : end + 5]
        answers = (_NAME + struct.pack("!HHIH", kind, 1, 3600, len(record)) + record for record in found)
        self._transport.sendto(head + b"".join(answers), addr)


@asynccontextmanager
async def name_server(records: Records) -> AsyncIterator[NameServer]:
    """On the running loop."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(records), local_addr=("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.close()


def address(literal: str) -> bytes:
    """Data of an A or AAAA record."""
    return ipaddress.ip_address(literal).packed


def service(host: str, port: int) -> bytes:
    """Data of an SRV record."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in host.split("."))
    return struct.pack("!HHH", 0, 0, port) + labels + b"\0"


def text(value: str) -> bytes:
    """Data of a TXT record."""
    return bytes([len(value)]) + value.encode()
