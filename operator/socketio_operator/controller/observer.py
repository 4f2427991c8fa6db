"""Takes the picture that a reconcile decides on: watched children, what only a read can tell, and what probes found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.fingerprints import Fingerprints
from socketio_operator.controller.key import Key
from socketio_operator.controller.own_secrets import OwnSecrets
from socketio_operator.controller.prober import Prober
from socketio_operator.controller.store import Store
from socketio_operator.controller.user_objects import UserObjectReader
from socketio_operator.controller.user_secrets import UserSecretReader, UserSecrets
from socketio_operator.desired.adapters import ADAPTERS
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import CHILD_KINDS, Ref
from socketio_operator.plan.broker import BrokerAnswer, sentence
from socketio_operator.plan.observed import Child, Observed
from socketio_operator.plan.passage import CanaryReport
from socketio_operator.plan.pods import Pod
from socketio_operator.plan.probes import (
    BROKER,
    CANARY,
    Finding,
    Probe,
    runtime_name,
    runtime_reports,
    wanted_canary,
    wanted_probes,
)
from socketio_operator.plan.problem import Problem


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reconcile builds on: the world, and what is not in the spec."""

    observed: Observed
    inputs: Inputs


class Observer:
    """Looks for one operator. `probe_brokers`: whether external brokers are asked. `try_routes`: whether a client of
    ours tries the routes. `unserved`: as in Observed.
    """

    def __init__(
        self,
        api: KubeApi,
        store: Store,
        prober: Prober,
        own: OwnSecrets,
        images: Images,
        now: Callable[[], datetime],
        probe_brokers: bool,
        try_routes: bool,
        unserved: Callable[[], frozenset[str]],
    ) -> None:
        self._api, self._store, self._prober, self._own = api, store, prober, own
        self._images, self._now, self._probe_brokers = images, now, probe_brokers
        self._try_routes, self._unserved = try_routes, unserved
        self._users, self._fingerprints = UserSecretReader(api), Fingerprints()
        self._objects = UserObjectReader(api, self._fingerprints)
        self._strangers: dict[Key, dict[Ref, Child]] = {}

    async def look(self, key: Key, cluster: SocketIOCluster, is_new: bool) -> Sight:
        """Everything that a decision needs. `is_new`: nothing was ever made for this cluster."""
        await self._own.look(key, cluster, is_new)
        user = await self._users.read(key, cluster)
        texts = self._own.texts(key, cluster)
        session_key = texts.get("session_key", "")
        credentials = self._credentials(key, cluster, session_key, user.url)
        objects = await self._objects.read(key, cluster, session_key)
        inputs = Inputs(images=self._images, external_credentials=credentials, object_hashes=objects.hashes, **texts)
        pods = self._store.pods_of(key)
        children = {**self._store.children(key), **self._own.children(key)}
        for ref, stranger in self._strangers.pop(key, {}).items():
            children.setdefault(ref, stranger)
        probes = wanted_probes(cluster, pods, user.broker if self._probe_brokers else None)
        told = self._store.findings(key)
        reports = runtime_reports(pods, told)
        if self._try_routes:
            token = texts.get("runtime_token", "")
            probes |= wanted_canary(cluster, children.values(), pods, reports, CANARY in told, token)
        findings, unanswered = self._probe(key, pods, probes)
        canary = findings.get(CANARY)
        observed = Observed(
            children=children,
            pods=pods,
            secrets=(*user.problems, *objects.problems),
            broker=self._broker(cluster, user, findings.get(BROKER)),
            runtimes=reports,
            canary=canary if isinstance(canary, CanaryReport) else None,
            unanswered=unanswered,
            credentials=credentials,
            unserved=self._unserved(),
            now=self._now(),
        )
        return Sight(observed, inputs)

    def _credentials(self, key: Key, cluster: SocketIOCluster, session_key: str, url: str) -> str:
        return self._fingerprints.of(key, cluster, session_key, "the broker's URL", url.encode()) if url else ""

    def _probe(self, key: Key, pods: tuple[Pod, ...], probes: Mapping[str, Probe]) -> tuple[dict[str, Finding], bool]:
        """What was found so far, and whether a question is still open; from now on exactly these are asked."""
        self._prober.want(key, probes)
        self._store.keep_findings(key, {BROKER, *probes, *map(runtime_name, pods)})
        findings = dict(self._store.findings(key))
        # Nothing waits for the canary: it may take its time.
        return findings, any(name not in findings for name in probes if name != CANARY)

    def _broker(self, cluster: SocketIOCluster, user: UserSecrets, finding: Finding) -> Problem | None:
        external = cluster.spec.adapter.external_broker
        if external is None or not user.url:
            return None
        answer = finding if isinstance(finding, BrokerAnswer) else BrokerAnswer.WELL
        if user.broker is None:
            answer = BrokerAnswer.INVALID
        where, example = (
            f"Secret {external.secret_name}, key {external.key}",
            ADAPTERS[cluster.spec.adapter.type].schemes[0],
        )
        told = sentence(answer, where, example)
        return Problem(*told) if told else None

    async def doubt(self, key: Key, cluster: SocketIOCluster, ref: Ref) -> None:
        """What stands where a child belongs is not what was believed: it is looked at before the next decision."""
        kind = CHILD_KINDS[ref.kind]
        if not kind.watched:
            self._own.doubt(key)
        elif live := await self._api.get(kind, cluster.namespace, ref.name):
            child = Child.of({**live, "apiVersion": kind.api_version, "kind": kind.kind})
            self._store.put(cluster.namespace, child)
            self._strangers.setdefault(key, {})[ref] = child
        else:
            self._store.absent(cluster.namespace, ref)

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._prober.forget(key)
        self._own.forget(key)
        self._users.forget(key)
        self._objects.forget(key)
        self._fingerprints.forget(key)
        self._strangers.pop(key, None)
