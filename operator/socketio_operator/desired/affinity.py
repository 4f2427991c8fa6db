"""What keeps a client on its pod."""

from socketio_operator.api import ClusterSpec


def wanted_affinity(spec: ClusterSpec) -> str:
    """`clientIP`, `cookie` or `none`. A WebSocket is one connection: it needs nothing to stay where it is."""
    return "none" if spec.engine.transports == ("websocket",) else spec.routing.affinity
