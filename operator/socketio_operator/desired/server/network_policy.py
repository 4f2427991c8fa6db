"""Who may connect to the server's pods, if the user wants that to be limited."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.api.selectors import Peer
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest, canonical, wire
from socketio_operator.desired.metadata import PROXY, SERVER, object_meta, selector
from socketio_operator.desired.server.discovery import discovery_ports
from socketio_operator.desired.server.runtime import injected

# The operator may run in any namespace; its pods have this label whatever the release is called.
OPERATOR = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "socketio-operator"}}}


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """The NetworkPolicy. The kubelet's probes pass in any case."""
    asked = cluster.spec.network_policy
    if asked is None:
        return None
    spec = cluster.spec
    app = [("http", "TCP"), *((name, "TCP") for name in discovery_ports(cluster))]
    udp = [("webtransport", "UDP")] if spec.engine.webtransport else []
    own, proxy = _pods(cluster, SERVER), [_pods(cluster, PROXY)] if spec.routing.managed_proxy else []
    # Where nobody is left an empty list would say everybody.
    clients = None if asked.clients is None else [*proxy, *map(_peer, asked.clients)] or [own]
    rules = [_rule([*app, *udp], clients)]
    if injected(cluster):
        rules.append(_rule([("runtime", "TCP")], [own, OPERATOR, *proxy, *map(_peer, asked.monitoring)]))
    manifest: Manifest = canonical(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": object_meta(cluster, cluster.name, SERVER),
            "spec": {
                "podSelector": {"matchLabels": selector(cluster, SERVER)},
                "policyTypes": ["Ingress"],
                "ingress": rules,
            },
        }
    )
    return manifest


def _rule(ports: list[tuple[str, str]], peers: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {"from": peers, "ports": [{"port": name, "protocol": protocol} for name, protocol in ports]}


def _pods(cluster: SocketIOCluster, component: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": selector(cluster, component)}}


def _peer(peer: Peer) -> dict[str, Any]:
    if peer.cidr:
        return {"ipBlock": {"cidr": peer.cidr}}
    selectors = {"namespaceSelector": peer.namespace_selector, "podSelector": peer.pod_selector}
    # The API server stores no empty `matchLabels`.
    return {name: wire(one) if one.match_labels else {} for name, one in selectors.items() if one}
