"""Takes the picture that a reconcile decides on: watched children, and what only a read can tell."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import replace

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller import broker
from socketio_operator.controller.api import METADATA_ONLY, Json, KubeApi
from socketio_operator.controller.runtime_reader import RuntimeReader
from socketio_operator.controller.store import Key, Store
from socketio_operator.desired import runtime
from socketio_operator.desired.adapters import ADAPTERS
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import CHILD_KINDS, SECRET, Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import redis_name, runtime_name
from socketio_operator.desired.redis.secret import PASSWORD_KEY
from socketio_operator.desired.references import SecretNeed, needed_secrets
from socketio_operator.plan.observed import Live, Observed, Problem, ownership

PASSWORD_BYTES = 32

Secrets = Mapping[Ref, Live]


class Observer:
    """Reads for one operator. What it generated stays in memory, so that a deleted Secret comes back as it was."""

    def __init__(self, api: KubeApi, store: Store, images: Images) -> None:
        self._api, self._store, self._images = api, store, images
        self._generated: dict[str, dict[tuple[str, str], str]] = {}
        self._runtimes = RuntimeReader()

    async def own_secrets(self, cluster: SocketIOCluster) -> Secrets:
        """The cluster's Secrets that exist. Secrets are never listed or watched, only read by name."""
        found: dict[Ref, Json] = {}
        for name in (redis_name(cluster), runtime_name(cluster)):
            if secret := await self._api.get(SECRET, cluster.namespace, name):
                found[Ref(SECRET.kind, name)] = secret
        return found

    def inputs(self, cluster: SocketIOCluster, own: Secrets) -> Inputs:
        """Settings and what is generated: as the Secrets have it, as it is remembered, or new."""
        return Inputs(
            images=self._images,
            redis_password=self._secret_text(cluster, own, redis_name(cluster), PASSWORD_KEY),
            runtime_token=self._secret_text(cluster, own, runtime_name(cluster), runtime.TOKEN_KEY),
            session_key=self._secret_text(cluster, own, runtime_name(cluster), runtime.SESSION_KEY),
        )

    def _secret_text(self, cluster: SocketIOCluster, own: Secrets, name: str, key: str) -> str:
        remembered, secret = self._generated.setdefault(cluster.uid, {}), own.get(Ref(SECRET.kind, name))
        if secret and ownership(secret, cluster) == "ours" and (stored := _text(secret.get("data", {}).get(key))):
            remembered[name, key] = stored
        return remembered.setdefault((name, key), secrets.token_urlsafe(PASSWORD_BYTES))

    def forget(self, uid: str) -> None:
        """Drops what is remembered of a deleted cluster."""
        self._generated.pop(uid, None)

    async def observe(self, cluster: SocketIOCluster, desired: tuple[Manifest, ...], own: Secrets) -> Observed:
        """Everything that the decision needs. Objects that no watch knows are read, as they may be foreign."""
        key = Key(cluster.namespace, cluster.name)
        children = {**self._store.children(key), **own}
        unknown = [ref for ref in map(ref_of, desired) if ref not in children and ref.kind != SECRET.kind]
        for ref in unknown:
            if found := await self._api.get(CHILD_KINDS[ref.kind], cluster.namespace, ref.name):
                children[ref] = found
        problems, answer = await self._secrets(cluster)
        seen = Observed(children, self._store.pods(key), problems, answer)
        if not runtime.injected(cluster):
            return seen
        return replace(seen, runtimes=await self._runtimes.read(seen.server_pods(), cluster.spec.runtime.port))

    async def _secrets(self, cluster: SocketIOCluster) -> tuple[tuple[Problem, ...], Problem | None]:
        problems: list[Problem] = []
        answer: Problem | None = None
        external = cluster.spec.adapter.external_broker
        for need in needed_secrets(cluster):
            found = await self._need(cluster.namespace, need)
            if isinstance(found, Problem):
                problems.append(found)
            elif external and need.field == "spec.adapter.external.secretName":
                where = f"Secret {need.name}, key {need.key}"
                answer = await broker.ask(found, ADAPTERS[cluster.spec.adapter.type], where)
        return tuple(problems), answer

    async def _need(self, namespace: str, need: SecretNeed) -> str | Problem:
        """The value of the key, empty if any key will do; or what is missing."""
        accept = "application/json" if need.key else METADATA_ONLY
        found = await self._api.get(SECRET, namespace, need.name, accept)
        if found is None:
            return Problem(
                "SecretNotFound",
                f"{need.field} names Secret {need.name}, which does not exist; create it or correct it.",
            )
        if need.key is None:
            return ""
        value = _text(found.get("data", {}).get(need.key))
        if value is None:
            return Problem(
                "SecretKeyNotFound",
                f"{need.field} needs key {need.key} in Secret {need.name}; add it to the Secret.",
            )
        return value


def _text(encoded: str | None) -> str | None:
    """Decoded value of a Secret's key; None if absent or not text."""
    try:
        return base64.b64decode(encoded).decode() if encoded else None
    except (binascii.Error, UnicodeDecodeError):
        return None
