"""The HTTPRoute. All fields with a default are written out: lists are owned as a whole, their defaults included."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.gateway import Gateway
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import SERVER, object_meta, route_meta

GROUP = "gateway.networking.k8s.io"


def service_backend(cluster: SocketIOCluster) -> dict[str, Any]:
    """The server's Service as `backendRefs` has it."""
    return {"group": "", "kind": "Service", "name": cluster.name, "port": cluster.spec.port, "weight": 1}


def http_route(cluster: SocketIOCluster, gateway: Gateway, backend: dict[str, Any], timeouts: bool) -> Manifest:
    """The route. `timeouts`: whether the implementation takes them; without, Envoy ends a poll after 15 s."""
    routing = cluster.spec.routing
    parent = {
        "group": GROUP,
        "kind": "Gateway",
        "name": gateway.name,
        "namespace": gateway.namespace,
        "sectionName": gateway.section_name,
    }
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": _prefix(path)}} for path in routing.all_paths],
        "timeouts": {"request": "0s"} if timeouts else None,
        "backendRefs": [backend],
    }
    manifest: Manifest = canonical(
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "HTTPRoute",
            "metadata": route_meta(cluster, {}),
            "spec": {"parentRefs": [parent], "hostnames": list(routing.all_hosts), "rules": [rule]},
        }
    )
    return manifest


def target(cluster: SocketIOCluster) -> dict[str, str]:
    """The route as policies name it."""
    return {"group": GROUP, "kind": "HTTPRoute", "name": cluster.name}


def extension(cluster: SocketIOCluster, api_version: str, kind: str, spec: dict[str, Any]) -> Manifest:
    """An object of a kind that one implementation brings along, under the name of the cluster."""
    meta = object_meta(cluster, cluster.name, SERVER)
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": spec}


def _prefix(path: str) -> str:
    """A prefix is compared by whole segments, so that a slash at its end means nothing."""
    return path.rstrip("/") or "/"
