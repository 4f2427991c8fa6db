"""Free ports on loopback."""

from __future__ import annotations

import socket


def free_port(address: str = "127.0.0.1", wanted: int = 0) -> int:
    """A TCP port nobody listens on: `wanted` or the next free one; any free one for 0."""
    for port in range(wanted, wanted + 100) if wanted else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free TCP port on {address} from {wanted} to {wanted + 99}; end what listens there")


async def unresolved(host: str, namespace: str) -> tuple[str, ...]:
    """In the place of DNS for the operator's own client, which else goes to no loopback address."""
    return (host,)
