"""What tells one router from another."""

from collections.abc import Callable
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import Lack, wanted_affinity
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest


def every_affinity(cluster: SocketIOCluster) -> frozenset[str]:
    """Of a router that can keep a client on its pod by its address as well as by a cookie."""
    return frozenset({"clientIP", "cookie", "none"})


@dataclass(frozen=True, slots=True)
class Router:
    """A way from outside to the pods.

    `build`: its manifests, any number of them, in the order of application. `affinities`: those that it can, with the
    settings of a cluster. `without`: why it lacks the others; None of one that can all. In words for its users,
    `timeouts`: the settings that outwait the ping, `follows`: how it learns of pods that come and go, and `draining`:
    what becomes of the sessions of a pod that ends. `passes_udp`: whether WebTransport reaches the pods. `run`: whether
    the project's tests run it, or only render what it reads.
    """

    name: str
    build: Callable[[SocketIOCluster, Inputs], tuple[Manifest, ...]]
    affinities: Callable[[SocketIOCluster], frozenset[str]] = every_affinity
    without: Callable[[SocketIOCluster], Lack | None] | None = None
    timeouts: str = ""
    follows: str = ""
    draining: str = ""
    passes_udp: bool = False
    run: bool = True

    def affinity(self, cluster: SocketIOCluster) -> str:
        """The affinity in effect: `none` where the one that is asked for cannot be had."""
        wanted = wanted_affinity(cluster.spec)
        return wanted if wanted in self.affinities(cluster) else "none"

    def lack(self, cluster: SocketIOCluster) -> Lack | None:
        """Why the affinity that is asked for cannot be had; None if it can."""
        if self.without is None or self.affinity(cluster) == wanted_affinity(cluster.spec):
            return None
        return self.without(cluster)
