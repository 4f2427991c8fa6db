"""What keeps a client on its pod."""

from socketio_operator.api import ClusterSpec


def wanted_affinity(spec: ClusterSpec) -> str:
    """`clientIP`, `cookie` or `none`. A session that is one connection needs nothing to stay where it is."""
    return "none" if spec.engine.one_connection else spec.routing.affinity
