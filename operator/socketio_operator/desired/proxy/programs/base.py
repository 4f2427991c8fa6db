"""What tells one program from another."""

from collections.abc import Callable
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.affinity import Lack, wanted_affinity
from socketio_operator.desired.inputs import Images
from socketio_operator.desired.proxy import HEALTH_PATH
from socketio_operator.desired.server.runtime import injected


@dataclass(frozen=True, slots=True)
class Program:
    """A proxy.

    `image`: its default. `user`: as whom it runs. `command`: what starts it, in place of the image's entry point; the
    image's own stop signal must make it end softly. `files`: name -> text of its configuration, from a cluster and the
    affinity in effect. `affinities`: those that it can, with the settings of a cluster. `without`, `timeouts`,
    `follows` and `draining`: as those of a Router. `started_path`: what answers 200 on its own port once it can serve.
    `deaf_when_full`: on its own port as well, while all its places are taken, which is no reason to end it.
    `asks_pods`: it asks the runtime whether a pod takes new sessions, so it may know of all pods, those that end and
    those that are not ready. `reads_anew`: the files that it takes when they change, without cutting anybody: for
    those its pods stay.
    """

    name: str
    image: Callable[[Images], str]
    user: int
    command: tuple[str, ...]
    files: Callable[[SocketIOCluster, str], dict[str, str]]
    affinities: Callable[[SocketIOCluster], frozenset[str]]
    timeouts: str
    follows: str
    draining: str
    without: Callable[[SocketIOCluster], Lack] | None = None
    started_path: str = HEALTH_PATH
    deaf_when_full: bool = False
    asks_pods: bool = False
    reads_anew: frozenset[str] = frozenset()

    def affinity(self, cluster: SocketIOCluster) -> str:
        """The affinity in effect."""
        wanted = wanted_affinity(cluster.spec)
        return wanted if wanted in self.affinities(cluster) else "none"

    def configuration(self, cluster: SocketIOCluster) -> dict[str, str]:
        """Name -> text of its files."""
        return self.files(cluster, self.affinity(cluster))

    def sees_all_pods(self, cluster: SocketIOCluster) -> bool:
        """Whether pods that are not ready are in its list: it must be able to tell them from the others."""
        return self.asks_pods and injected(cluster)
