"""A DNS server of one headless Service: A and SRV records of the pods that are there now, shuffled as CoreDNS does."""

from __future__ import annotations

import random
import socketserver
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

A, SRV = 1, 33
NO_ERROR, NAME_ERROR = 0, 3
TTL_SECONDS = 1
POINTER_TO_QUESTION = b"\xc0\x0c"


class Records:
    """The addresses behind `name` (such as chat-endpoints.team.svc.cluster.local), and the port of each."""

    def __init__(self, name: str, port: int, addresses: Sequence[str] = ()) -> None:
        self.name, self.port, self.addresses, self.answers = name, port, tuple(addresses), True

    def reply(self, query: bytes) -> bytes | None:
        """The answer to a query; None while the server is away."""
        if not self.answers:
            return None
        name, end = _name(query, 12)
        (kind,) = struct.unpack_from("!H", query, end)
        known, answers = self._answers(name.lower(), kind)
        flags = 0x8580 | (NO_ERROR if known else NAME_ERROR)
        header = query[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0)
        return header + query[12 : end + 4] + b"".join(answers)

    def _answers(self, name: str, kind: int) -> tuple[bool, list[bytes]]:
        shuffled = random.sample(self.addresses, len(self.addresses))
        of_pods = {f"{address.replace('.', '-')}.{self.name}": address for address in shuffled}
        if name == self.name:
            return bool(shuffled), [_record(A, _packed(address)) for address in shuffled if kind == A]
        if name in of_pods:
            return True, [_record(A, _packed(of_pods[name]))] if kind == A else []
        if name == f"_http._tcp.{self.name}":
            targets = [struct.pack("!HHH", 0, 10, self.port) + _wire(pod) for pod in of_pods]
            return bool(targets), [_record(SRV, target) for target in targets if kind == SRV]
        return False, []


def _name(data: bytes, start: int) -> tuple[str, int]:
    labels = []
    while length := data[start]:
        labels.append(data[start + 1 : start + 1 + length].decode("ascii"))
        start += 1 + length
    return ".".join(labels), start + 1


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _packed(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def _record(kind: int, data: bytes) -> bytes:
    return POINTER_TO_QUESTION + struct.pack("!HHIH", kind, 1, TTL_SECONDS, len(data)) + data


@contextmanager
def serving(records: Records, address: str) -> Iterator[None]:
    """The server on port 53 of a loopback address, where resolvers look."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, connection = self.request
            if (answer := records.reply(query)) is not None:
                connection.sendto(answer, self.client_address)

    with socketserver.UDPServer((address, 53), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
