"""ConfigMaps and Secrets whose change replaces pods: read by name, and kept as nothing but a hash."""

import time
from dataclasses import dataclass

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.fingerprints import Fingerprints
from socketio_operator.controller.key import Key
from socketio_operator.controller.user_secrets import FRESH_SECONDS
from socketio_operator.desired.children import canonical_json
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.kinds import CHILD_KINDS, Ref
from socketio_operator.desired.metadata import SERVER
from socketio_operator.desired.references import restarting_objects
from socketio_operator.plan.problem import Problem, Scope


@dataclass(frozen=True, slots=True)
class UserObjects:
    """What was found. `hashes`: of the content of each object that exists, in the order of the spec."""

    problems: tuple[Problem, ...] = ()
    hashes: tuple[tuple[Ref, str], ...] = ()


class UserObjectReader:
    """Reads for all clusters, with a short memory. A cluster that names nothing costs no request."""

    def __init__(self, api: KubeApi, fingerprints: Fingerprints) -> None:
        self._api, self._fingerprints = api, fingerprints
        self._known: dict[Key, tuple[float, str, int, UserObjects]] = {}

    async def read(self, key: Key, cluster: SocketIOCluster, session_key: str) -> UserObjects:
        """What a cluster's spec names in `restartOnChange`."""
        if not (refs := restarting_objects(cluster)):
            return UserObjects()
        known = self._known.get(key)
        if known and known[1:3] == (cluster.uid, cluster.generation) and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[3]
        hashes = {ref: await self._hash(key, cluster, session_key, ref) for ref in refs}
        found = UserObjects(
            tuple(_missing(cluster, ref) for ref, value in hashes.items() if not value),
            tuple((ref, value) for ref, value in hashes.items() if value),
        )
        self._known[key] = (time.monotonic(), cluster.uid, cluster.generation, found)
        return found

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._known.pop(key, None)

    async def _hash(self, key: Key, cluster: SocketIOCluster, session_key: str, ref: Ref) -> str:
        """Of the object's data; empty if it does not exist."""
        live = await self._api.get(CHILD_KINDS[ref.kind], cluster.namespace, ref.name)
        if live is None:
            return ""
        content = canonical_json([str(ref), *(live.get(name) or {} for name in ("data", "binaryData"))])
        return self._fingerprints.of(key, cluster, session_key, str(ref), content)


def _missing(cluster: SocketIOCluster, ref: Ref) -> Problem:
    message = f"spec.restartOnChange names {ref}, which does not exist; create it or correct it."
    return Problem(f"{ref.kind}NotFound", message, Scope.TEMPLATE, COMPONENTS[SERVER].workload(cluster))
