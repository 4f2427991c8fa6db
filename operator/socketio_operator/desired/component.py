"""A component: one kind of pod that a cluster runs, with all that belongs to it, as one value."""

from collections.abc import Callable
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.manifest import Manifest

Builder = Callable[[SocketIOCluster, Inputs], Manifest | None]


@dataclass(frozen=True, slots=True)
class Generated:
    """A secret text that is made once for a cluster: key `key` of Secret `secret`, and `field` of the Inputs."""

    field: str
    secret: Callable[[SocketIOCluster], str]
    key: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What it means that no pod of a component is ready.

    `effect`: what clients notice, as the end of a sentence; empty if none of them can connect.
    """

    reason: str
    message: Callable[[SocketIOCluster], str]
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Former:
    """Where an earlier version ran a component's pods, and the reason that is told while they move from there."""

    workload: Callable[[SocketIOCluster], Ref]
    reason: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """What of a pod template the user did not choose: containers with an image of ours, variables with a value of ours.

    A new default alone restarts nothing.
    """

    images: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Component:
    """One kind of pod.

    `label`: its value of the component label, and the name of its main container. `wanted`: whether a cluster has it.
    `builders`: its manifests. `workload`: what runs its pods. `defaults`: what of their template is ours to
    choose. `former`: a place that it moves from. `outlives`: the component whose pods use it, and which must therefore
    be settled before anything of this one is retired. `carries`: clients' connections run through its pods, so another
    way to the server goes only once these are settled. `without_runtime`: its workload for pods in which no runtime
    answers; None if none is brought into them. `trouble`: None if the component's
    own progress tells all.
    """

    label: str
    wanted: Callable[[SocketIOCluster], bool]
    builders: tuple[Builder, ...]
    workload: Callable[[SocketIOCluster], Ref]
    defaults: Callable[[SocketIOCluster], Defaults]
    generated: tuple[Generated, ...] = ()
    former: Former | None = None
    outlives: str | None = None
    carries: bool = False
    without_runtime: Callable[[SocketIOCluster, Manifest], Manifest] | None = None
    trouble: Trouble | None = None
