"""What a proxy must allow so that it never cuts a healthy client.

A poll, or an idle WebSocket, is silent for at most pingInterval + pingTimeout: the next ping may wait
for the last pong. A proxy that gives up earlier kills the session.
"""

import math
from dataclasses import dataclass

from socketio_operator.api import ClusterSpec

MINIMUM_SECONDS = 60
MARGIN_SECONDS = 15


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """Seconds of silence that the proxy bears when it reads and sends, and the largest body in bytes."""

    read_seconds: int
    send_seconds: int
    max_body_bytes: int


def proxy_limits(spec: ClusterSpec) -> ProxyLimits:
    """The user's timeouts where given, else derived from the ping."""
    silence = math.ceil((spec.engine.ping_interval + spec.engine.ping_timeout) / 1000)
    derived = max(MINIMUM_SECONDS, silence + MARGIN_SECONDS)
    given = spec.routing.timeouts
    read = (given and given.read_seconds) or derived
    send = (given and given.send_seconds) or read
    return ProxyLimits(read, send, spec.engine.max_http_buffer_size)
