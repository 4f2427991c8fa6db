"""What the configurations of all programs have in common, as templates may print it."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.metadata import endpoints_name
from socketio_operator.desired.proxy import CONFIG_DIR, HTTP_PORT, HTTPS_PORT, OWN_PORT, SCRATCH_DIR, TLS_DIR
from socketio_operator.desired.proxy.resources import drain_seconds, max_connections
from socketio_operator.desired.server.runtime import injected
from socketio_operator.desired.text import Range, UrlPath, Word


def common_values(cluster: SocketIOCluster, affinity: str) -> dict[str, Any]:
    """`affinity`: that in effect. `host`: of a wildcard the name below which its names lie. `paths`: without a slash at
    their end, none for the whole host.

    `serving_port`: where the runtime tells whether a pod takes new sessions; 0 without a runtime.
    """
    spec, limits = cluster.spec, proxy_limits(cluster.spec)
    routing, cookie = spec.routing, spec.routing.affinity_cookie
    return {
        "http_port": HTTP_PORT,
        "https_port": HTTPS_PORT,
        "own_port": OWN_PORT,
        "config_dir": Word(CONFIG_DIR),
        "tls_dir": Word(TLS_DIR),
        "scratch_dir": Word(SCRATCH_DIR),
        "host": Word(routing.host.removeprefix("*.")),
        "affinity": Word(affinity),
        "cookie": Word(cookie.name),
        "same_site": Word(cookie.same_site),
        "max_age": cookie.max_age_seconds or 0,
        "tls": routing.tls is not None,
        "paths": tuple(UrlPath(path.rstrip("/")) for path in routing.all_paths if path.rstrip("/")),
        "client_address": Word(routing.client_address),
        "trusted": tuple(Range(text) for text in routing.trusted_proxies or ()),
        "read_seconds": limits.read_seconds,
        "send_seconds": limits.send_seconds,
        "max_body": limits.max_body_bytes,
        "endpoints": Word(f"{endpoints_name(cluster)}.{cluster.namespace}.svc"),
        "port": spec.port,
        "serving_port": spec.runtime.port if injected(cluster) else 0,
        "drain_seconds": drain_seconds(cluster),
        "max_connections": max_connections(cluster),
    }
