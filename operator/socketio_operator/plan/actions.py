"""What can be done to the world: a closed set of actions, each with its reason in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.manifest import Manifest
from socketio_operator.plan.problem import Problem


@dataclass(frozen=True, slots=True)
class Apply:
    """Applies a manifest to the very object that was looked at (`uid`), or makes it where nothing is (`uid` empty).

    `stage`: applies of one stage may be done side by side, after those of the stages before.
    """

    ref: Ref
    reason: str
    manifest: Manifest
    uid: str = ""
    stage: int = 0
    restarts_pods: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes exactly this object in exactly this state. `foreground`: it stays, marked, until its pods are gone."""

    ref: Ref
    reason: str
    uid: str
    version: int
    foreground: bool = False


@dataclass(frozen=True, slots=True)
class PatchPod:
    """Merges `patch` into the metadata of exactly this pod."""

    pod: str
    uid: str
    patch: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class CallPod:
    """One request to the runtime's port of a pod. `headers` may hold its token, which no reason and no log does."""

    pod: str
    address: str
    port: int
    method: Literal["GET", "POST"]
    path: str
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


Action = Apply | Delete | PatchPod | CallPod


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, and why not more. `problems` each block their scope and nothing else.

    `look_again`: seconds after which time alone may change the decision; None if only an event can.
    """

    actions: tuple[Action, ...] = ()
    problems: tuple[Problem, ...] = ()
    look_again: float | None = None
