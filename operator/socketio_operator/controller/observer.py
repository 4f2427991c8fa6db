"""Takes the picture that a reconcile decides on: watched children, and what only a read can tell."""

import base64
import binascii
import secrets
from dataclasses import replace

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller import broker
from socketio_operator.controller.api import METADATA_ONLY, Json, KubeApi
from socketio_operator.controller.runtime_reader import RuntimeReader
from socketio_operator.controller.store import Key, Store
from socketio_operator.desired import runtime
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import CHILD_KINDS, SECRET, Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import redis_name
from socketio_operator.desired.redis.secret import PASSWORD_KEY
from socketio_operator.desired.references import SecretNeed, needed_secrets
from socketio_operator.plan.observed import Live, Observed, Problem, ownership

PASSWORD_BYTES = 32


class Observer:
    """Reads for one operator. Passwords of managed brokers stay in memory, so that a deleted Secret comes
    back as it was."""

    def __init__(self, api: KubeApi, store: Store, images: Images) -> None:
        self._api, self._store, self._images = api, store, images
        self._passwords: dict[str, str] = {}
        self._runtimes = RuntimeReader()

    async def managed_secret(self, cluster: SocketIOCluster) -> Json | None:
        """The Secret of the managed broker. Secrets are never listed or watched, only read by name."""
        return await self._api.get(SECRET, cluster.namespace, redis_name(cluster))

    def inputs(self, cluster: SocketIOCluster, secret: Live | None) -> Inputs:
        """Settings and the broker's password: that of the Secret, the remembered one, or a new one."""
        ours = secret if secret and ownership(secret, cluster) == "ours" else {}
        if stored := _text(ours.get("data", {}).get(PASSWORD_KEY)):
            self._passwords[cluster.uid] = stored
        password = self._passwords.setdefault(cluster.uid, secrets.token_urlsafe(PASSWORD_BYTES))
        return Inputs(images=self._images, redis_password=password)

    def forget(self, uid: str) -> None:
        """Drops what is remembered of a deleted cluster."""
        self._passwords.pop(uid, None)

    async def observe(self, cluster: SocketIOCluster, desired: tuple[Manifest, ...], secret: Live | None) -> Observed:
        """Everything that the decision needs. Objects that no watch knows are read, as they may be foreign."""
        key = Key(cluster.namespace, cluster.name)
        children = dict(self._store.children(key))
        if secret:
            children[Ref("Secret", redis_name(cluster))] = secret
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
                answer = await broker.ask(found, f"Secret {need.name}, key {need.key}")
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
