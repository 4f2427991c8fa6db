"""Apache httpd 2.4.47 or later (`upgrade=websocket`; before, WebSockets took a module and rules of their own)."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import Lack
from socketio_operator.desired.proxy import CONFIG_DIR
from socketio_operator.desired.proxy.programs.base import Program
from socketio_operator.desired.proxy.resources import CONNECTION_BYTES
from socketio_operator.desired.proxy.values import common_values
from socketio_operator.desired.security import PROXY_USER
from socketio_operator.desired.text import render

# Of a process. Fewer processes keep fewer of an earlier configuration alive, and take less memory.
THREADS = 64
# Of a client's thread with its part of the process: 93 KiB for a WebSocket, 190 KiB with TLS (2.4.71).
CLIENT_BYTES = 192 * 1024


def _files(cluster: SocketIOCluster, affinity: str) -> dict[str, str]:
    values = common_values(cluster, affinity)
    processes = max(1, values["max_connections"] * CONNECTION_BYTES // CLIENT_BYTES // THREADS)
    config = render("httpd.conf", **values, threads=THREADS, processes=processes)
    return {"httpd.conf": config, "start.sh": render("httpd-start.sh", **values)}


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    return frozenset({"cookie", "none"})


def _without(cluster: SocketIOCluster) -> Lack:
    return Lack(
        "NoAddressHash",
        "Apache httpd has no balancing by the client's address",
        "set spec.routing.affinity to cookie, or spec.routing.proxy.type to haproxy, nginx or traefik",
    )


PROGRAM = Program(
    name="httpd",
    image=lambda images: images.proxy_httpd,
    user=PROXY_USER,
    command=("/bin/sh", f"{CONFIG_DIR}/start.sh"),
    files=_files,
    affinities=_affinities,
    without=_without,
    timeouts="`Timeout`, `timeout` of each `BalancerMember`",
    follows="DNS, queried every second, by a graceful reload",
    draining="WebSockets stay until the pod ends, polling requests reach other pods, which forward them",
    deaf_when_full=True,
    reads_anew=frozenset({"httpd.conf"}),
)
