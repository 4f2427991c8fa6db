"""Somebody between the operator and a real server, who refuses TLS or cuts the connection."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass
class Relay:
    """`cut`: closes after this many bytes of the server's. `passed`: how many there were on the last connection."""

    port: int
    cut: int | None = None
    passed: int = 0


@contextmanager
def relayed(port: int, *, no_tls: bool = False) -> Iterator[Relay]:
    """Passes on what a loopback port gets. `no_tls`: answers PostgreSQL's SSLRequest for a server that has none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = Relay(listener.getsockname()[1])
        accepting = threading.Thread(target=_accept, args=(listener, port, relay, no_tls))
        accepting.start()
        try:
            yield relay
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listener: socket.socket, port: int, relay: Relay, no_tls: bool) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            with suppress(OSError):
                _pass_on(client, port, relay, no_tls)


def _pass_on(client: socket.socket, port: int, relay: Relay, no_tls: bool) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        if no_tls and client.recv(8, socket.MSG_WAITALL):
            client.sendall(b"N")
        backwards = threading.Thread(target=_copy, args=(client, server))
        backwards.start()
        relay.passed = 0
        with suppress(OSError):
            while data := server.recv(1):
                if relay.passed == relay.cut:
                    break
                client.sendall(data)
                relay.passed += 1
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        backwards.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(4096):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
