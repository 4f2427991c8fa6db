"""nginx 1.29.6 or later (`sticky cookie`)."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.proxy import CONFIG_DIR
from socketio_operator.desired.proxy.programs.base import Program
from socketio_operator.desired.proxy.values import common_values
from socketio_operator.desired.text import render


def _files(cluster: SocketIOCluster, affinity: str) -> dict[str, str]:
    values = common_values(cluster, affinity)
    # Each client has one connection to nginx, and one from there to its pod.
    config = render("nginx.conf", **values, files=2 * values["max_connections"])
    return {"nginx.conf": config, "start.sh": render("nginx-start.sh", **values)}


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    return frozenset({"clientIP", "cookie", "none"})


PROGRAM = Program(
    name="nginx",
    image=lambda images: images.proxy_nginx,
    user=101,
    command=("/bin/sh", f"{CONFIG_DIR}/start.sh"),
    files=_files,
    affinities=_affinities,
    timeouts="`proxy_read_timeout`, `proxy_send_timeout`",
    follows="DNS, queried every second",
    draining="WebSockets stay until the pod ends, polling requests reach other pods, which forward them",
    reads_anew=frozenset({"nginx.conf"}),
)
