"""Specs, validated and parsed once for a generation, and what is built from them, once for the same inputs."""

from dataclasses import dataclass

from socketio_operator.api import FieldError, SocketIOCluster, validate
from socketio_operator.controller.key import Key
from socketio_operator.desired.children import Wanted, wanted_children
from socketio_operator.desired.inputs import Inputs
from socketio_operator.plan.observed import Live


@dataclass(slots=True)
class _Known:
    uid: str
    generation: int
    cluster: SocketIOCluster | None
    errors: tuple[FieldError, ...]
    inputs: Inputs | None = None
    wanted: tuple[Wanted, ...] = ()


class Specs:
    """The memory of one operator."""

    def __init__(self) -> None:
        self._known: dict[Key, _Known] = {}

    def parse(self, key: Key, body: Live) -> SocketIOCluster | tuple[FieldError, ...]:
        """The cluster, or what is wrong with its spec."""
        meta = body["metadata"]
        known = self._known.get(key)
        if known is None or (known.uid, known.generation) != (meta["uid"], meta["generation"]):
            errors = tuple(validate(body))
            cluster = None if errors else SocketIOCluster.parse(body)
            known = self._known[key] = _Known(meta["uid"], meta["generation"], cluster, errors)
        return known.cluster or known.errors

    def wanted(self, key: Key, cluster: SocketIOCluster, inputs: Inputs) -> tuple[Wanted, ...]:
        """The children that should be."""
        known = self._known[key]
        if known.inputs != inputs:
            known.inputs, known.wanted = inputs, wanted_children(cluster, inputs)
        return known.wanted

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._known.pop(key, None)
