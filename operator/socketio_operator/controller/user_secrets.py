"""Secrets that the user names: whether they are there, and what the URL of an external broker is."""

import time
from dataclasses import dataclass, field

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller.api import METADATA_ONLY, KubeApi
from socketio_operator.controller.key import Key
from socketio_operator.controller.own_secrets import text_of
from socketio_operator.desired.adapters import ADAPTERS
from socketio_operator.desired.broker_url import BrokerAddress, BrokerUrlError, parse
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.kinds import SECRET
from socketio_operator.desired.metadata import SERVER
from socketio_operator.desired.references import SecretNeed, needed_secrets
from socketio_operator.plan.problem import Problem, Scope

# A burst of events reads each Secret once.
FRESH_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class UserSecrets:
    """What was found. `url`: of the external broker; `broker`: where that is, None if the URL cannot be used."""

    problems: tuple[Problem, ...] = ()
    url: str = field(default="", repr=False)
    broker: BrokerAddress | None = None


class UserSecretReader:
    """Reads for all clusters, with a short memory."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._known: dict[Key, tuple[float, str, int, UserSecrets]] = {}

    async def read(self, key: Key, cluster: SocketIOCluster) -> UserSecrets:
        """What a cluster's spec names."""
        if not (needs := needed_secrets(cluster)):
            return UserSecrets()
        known = self._known.get(key)
        if known and known[1:3] == (cluster.uid, cluster.generation) and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[3]
        found = await self._read(cluster, needs)
        self._known[key] = (time.monotonic(), cluster.uid, cluster.generation, found)
        return found

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._known.pop(key, None)

    async def _read(self, cluster: SocketIOCluster, needs: tuple[SecretNeed, ...]) -> UserSecrets:
        problems, url = [], ""
        for need in needs:
            found = await self._need(cluster, need)
            if isinstance(found, Problem):
                problems.append(found)
            elif need.is_broker:
                url = found
        if not url:
            return UserSecrets(tuple(problems))
        try:
            return UserSecrets(tuple(problems), url, parse(url, ADAPTERS[cluster.spec.adapter.type].schemes))
        except BrokerUrlError:
            return UserSecrets(tuple(problems), url)

    async def _need(self, cluster: SocketIOCluster, need: SecretNeed) -> str | Problem:
        """The value of the key, empty if any key will do; or what is missing."""
        # cert-manager makes the route's Secret from the route itself.
        scope = Scope.NOTHING if need.for_route else Scope.TEMPLATE
        workload = COMPONENTS[SERVER].workload(cluster)
        accept = "application/json" if need.key else METADATA_ONLY
        found = await self._api.get(SECRET, cluster.namespace, need.name, accept)
        if found is None:
            message = f"{need.field} names Secret {need.name}, which does not exist; create it or correct it."
            return Problem("SecretNotFound", message, scope, workload)
        if need.key is None:
            return ""
        value = text_of(found, need.key)
        if value is None:
            message = f"{need.field} needs key {need.key} in Secret {need.name}; add it to the Secret."
            return Problem("SecretKeyNotFound", message, scope, workload)
        return value
