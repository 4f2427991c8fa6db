"""An Ingress with the annotations of ingress-nginx, which Traefik 3.7 and later read as well.

Invariants: hash affinity and cookie affinity are never both set (controllers disagree on which wins),
the key of the hash is the peer's address alone (a header could be forged, and an unknown variable sends
everybody to one pod), and there is no snippet.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.routing import Routing
from socketio_operator.desired.affinity import wanted_affinity
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.limits import proxy_limits
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import SERVER, object_meta
from socketio_operator.desired.routers.base import Router

PREFIX = "nginx.ingress.kubernetes.io"


def _client_ip(routing: Routing) -> dict[str, str]:
    return {"upstream-hash-by": "$remote_addr"}


def _cookie(routing: Routing) -> dict[str, str]:
    settings = {
        "affinity": "cookie",
        # `balanced` would move a share of the sessions at every scale-up.
        "affinity-mode": "persistent",
        "session-cookie-name": routing.cookie.name if routing.cookie else "sio-affinity",
        "session-cookie-path": "/",
        "session-cookie-samesite": routing.cookie.same_site if routing.cookie else "Lax",
        "session-cookie-change-on-failure": "true",
    }
    if routing.tls:
        settings["session-cookie-secure"] = "true"
    if routing.cookie and routing.cookie.max_age_seconds:
        settings["session-cookie-max-age"] = str(routing.cookie.max_age_seconds)
        settings["session-cookie-expires"] = str(routing.cookie.max_age_seconds)
    return settings


def _none(routing: Routing) -> dict[str, str]:
    return {}


_AFFINITIES = {"clientIP": _client_ip, "cookie": _cookie, "none": _none}


def _annotations(cluster: SocketIOCluster) -> dict[str, str]:
    limits = proxy_limits(cluster.spec)
    settings = {
        **_AFFINITIES[wanted_affinity(cluster.spec)](cluster.spec.routing),
        "proxy-read-timeout": str(limits.read_seconds),
        "proxy-send-timeout": str(limits.send_seconds),
        "proxy-body-size": str(limits.max_body_bytes),
    }
    return {f"{PREFIX}/{name}": value for name, value in settings.items()}


def build(cluster: SocketIOCluster, inputs: Inputs) -> tuple[Manifest, ...]:
    """The Ingress of one host and one path prefix."""
    routing = cluster.spec.routing
    backend = {"service": {"name": cluster.name, "port": {"name": "http"}}}
    manifest: Manifest = canonical(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": object_meta(cluster, cluster.name, SERVER, annotations=_annotations(cluster)),
            "spec": {
                "ingressClassName": routing.ingress_class,
                "tls": [{"hosts": [routing.host], "secretName": routing.tls.secret_name}] if routing.tls else None,
                "rules": [
                    {
                        "host": routing.host,
                        "http": {"paths": [{"path": routing.path, "pathType": "Prefix", "backend": backend}]},
                    }
                ],
            },
        }
    )
    return (manifest,)


ROUTER = Router("ingress-nginx", build)
