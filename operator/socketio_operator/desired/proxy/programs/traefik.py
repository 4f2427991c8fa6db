"""Traefik 3.7 or later (`strategy: hrw` of 3.5, `maxIdleConnsPerHost` of -1)."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import Lack
from socketio_operator.desired.proxy import CONFIG_DIR, HTTP_PORT, HTTPS_PORT
from socketio_operator.desired.proxy.programs.base import Program
from socketio_operator.desired.proxy.values import common_values
from socketio_operator.desired.security import PROXY_USER
from socketio_operator.desired.text import Word, render


def _files(cluster: SocketIOCluster, affinity: str) -> dict[str, str]:
    values = common_values(cluster, affinity)
    values["entry_points"] = ((Word("http"), HTTP_PORT), (Word("https"), HTTPS_PORT))[: 1 + values["tls"]]
    values["same_site"] = Word(cluster.spec.routing.affinity_cookie.same_site.lower())
    return {
        "traefik.yaml": render("traefik.yaml", **values),
        "routes.yaml": render("traefik-routes.yaml", **values),
        "start.sh": render("traefik-start.sh", **values),
    }


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    by_address = cluster.spec.routing.client_address != "forwardedFor"
    return frozenset({"cookie", "none"}) | (frozenset({"clientIP"}) if by_address else frozenset())


def _without(cluster: SocketIOCluster) -> Lack:
    return Lack(
        "PeerAddressHash",
        "Traefik hashes the address of the load balancer in front of it, not that of X-Forwarded-For, so all clients "
        "would be on one pod",
        "set spec.routing.affinity to cookie, spec.routing.clientAddress to proxyProtocol, or spec.routing.proxy.type "
        "to haproxy or nginx",
    )


PROGRAM = Program(
    name="traefik",
    image=lambda images: images.proxy_traefik,
    user=PROXY_USER,
    command=("/bin/sh", f"{CONFIG_DIR}/start.sh"),
    files=_files,
    affinities=_affinities,
    without=_without,
    timeouts="`responseHeaderTimeout`; of WebSockets none",
    follows="DNS, queried every second, by a file that it watches, and health checks",
    draining="WebSockets stay until the pod ends, polling requests reach other pods, which forward them",
    reads_anew=frozenset({"routes.yaml"}),
)
