"""HAProxy 3.0 or later (`hash-key addr`; 2.9 hashes the place in its list instead, which differs from pod to pod)."""

from typing import Any

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.metadata import peers_name
from socketio_operator.desired.proxy import CONFIG_DIR
from socketio_operator.desired.proxy.programs.base import Program
from socketio_operator.desired.proxy.values import common_values
from socketio_operator.desired.server.discovery import PATH
from socketio_operator.desired.text import Word, render

FEWEST_SLOTS = 64


def slots(cluster: SocketIOCluster) -> int:
    """Places for pods: twice the replicas for a rollout, as a power of two, so that scaling seldom changes it."""
    return max(FEWEST_SLOTS, 1 << (2 * cluster.spec.replicas - 1).bit_length())


def _direct(cluster: SocketIOCluster) -> dict[str, Any]:
    """What takes clients to each pod by its host name. `list_port`: where pods say which there are; 0: nobody asks.

    DNS has a name for each pod of a headless Service, its address with dashes: only pods of the cluster are found.
    """
    direct = cluster.spec.routing.to_pods
    pods = Word(f"{peers_name(cluster)}.{cluster.namespace}.svc")
    return {"list_port": direct.port if direct else 0, "list_path": Word(PATH), "single": pods}


def _files(cluster: SocketIOCluster, affinity: str) -> dict[str, str]:
    values = common_values(cluster, affinity)
    # Cookies must mean the same pod to every process, and nothing to those of another cluster.
    key = Word(cluster.uid or cluster.name)
    names = ("pods", "beginnings") if affinity == "cookie" and values["serving_port"] else ("pods",)
    backends = tuple(map(Word, names))
    config = render(
        "haproxy.cfg", **values, slots=slots(cluster), cookie_key=key, backends=backends, **_direct(cluster)
    )
    return {"haproxy.cfg": config, "start.sh": render("haproxy-start.sh", **values)}


def _affinities(cluster: SocketIOCluster) -> frozenset[str]:
    return frozenset({"clientIP", "cookie", "none"})


PROGRAM = Program(
    name="haproxy",
    image=lambda images: images.proxy_haproxy,
    user=99,
    command=("/bin/sh", f"{CONFIG_DIR}/start.sh"),
    files=_files,
    affinities=_affinities,
    timeouts="`timeout client`, `timeout server`, `timeout tunnel`",
    follows="DNS, queried every second, and each pod's runtime, which reports whether it accepts new sessions",
    draining="with a cookie they stay on their pod until its drain ends; by address WebSockets do, and polls reach "
    "other pods, which forward them; new sessions use other pods",
    started_path="/started",
    asks_pods=True,
)
