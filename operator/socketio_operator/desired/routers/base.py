"""What tells one router from another."""

from collections.abc import Callable
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Router:
    """A way from outside to the pods. `build`: its manifests, any number of them, in the order of application."""

    name: str
    build: Callable[[SocketIOCluster, Inputs], tuple[Manifest, ...]]
