"""The Secrets that the operator makes for a cluster. They are never listed or watched, only read by name.

What was generated stays in memory while the cluster lives, so that a deleted Secret comes back as it was.
"""

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller.api import KubeApi
from socketio_operator.controller.key import Key
from socketio_operator.desired.components import COMPONENTS
from socketio_operator.desired.kinds import SECRET, Ref
from socketio_operator.plan.observed import Child, Live

TEXT_BYTES = 32
# Of all components: what is no longer wanted must be found to be retired.
_GENERATED = tuple(item for component in COMPONENTS.values() for item in component.generated)


@dataclass(slots=True)
class _Known:
    """Of one cluster. `read_at`: monotonic seconds, None if they were never read."""

    uid: str
    read_at: float | None = None
    children: dict[Ref, Child] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


class OwnSecrets:
    """Reads and remembers. `fresh_seconds`: how long what was read, or written by us, is believed."""

    def __init__(self, api: KubeApi, fresh_seconds: float) -> None:
        self._api, self._fresh_seconds = api, fresh_seconds
        self._known: dict[Key, _Known] = {}

    async def look(self, key: Key, cluster: SocketIOCluster, is_new: bool) -> None:
        """Reads what is due. Of a new cluster nothing is there: making it tells if that is wrong."""
        known = self._known.get(key)
        if known is None or known.uid != cluster.uid:
            known = self._known[key] = _Known(cluster.uid, time.monotonic() if is_new else None)
        if known.read_at is None or time.monotonic() - known.read_at >= self._fresh_seconds:
            known.children = {}
            for name in dict.fromkeys(item.secret(cluster) for item in _GENERATED):
                if live := await self._api.get(SECRET, cluster.namespace, name):
                    self._take(known, cluster, live)
            known.read_at = time.monotonic()

    def doubt(self, key: Key) -> None:
        """What is remembered was wrong: it is read again at the next look."""
        if key in self._known:
            self._known[key].read_at = None

    def wrote(self, key: Key, cluster: SocketIOCluster, live: Live) -> None:
        """Takes the answer to our own write."""
        if known := self._known.get(key):
            self._take(known, cluster, live)

    def children(self, key: Key) -> Mapping[Ref, Child]:
        """Those that exist, ours or not."""
        return self._known[key].children

    def texts(self, key: Key, cluster: SocketIOCluster) -> Mapping[str, str]:
        """Generated texts by field of the Inputs: as the Secrets have them, as remembered, or new."""
        texts = self._known[key].texts
        for item in _GENERATED:
            texts.setdefault(item.field, secrets.token_urlsafe(TEXT_BYTES))
        return texts

    def forget(self, key: Key) -> None:
        """Drops everything of a cluster that is gone."""
        self._known.pop(key, None)

    def _take(self, known: _Known, cluster: SocketIOCluster, live: Live) -> None:
        child = Child.of({**live, "apiVersion": SECRET.api_version, "kind": SECRET.kind})
        known.children[child.ref] = child
        if child.ownership(cluster) != "ours":
            return
        for item in _GENERATED:
            if item.secret(cluster) == child.ref.name and (text := text_of(live, item.key)):
                known.texts[item.field] = text


def text_of(secret: Live, key: str) -> str | None:
    """Decoded value of a Secret's key; None if absent or not text."""
    encoded = (secret.get("data") or {}).get(key)
    try:
        return base64.b64decode(encoded).decode() if encoded else None
    except (binascii.Error, UnicodeDecodeError):
        return None
