"""Hashes by which one tells whether a secret changed, and from which nobody can guess it."""

import hashlib
import hmac

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller.key import Key
from socketio_operator.desired.server.runtime import injected


class Fingerprints:
    """Of all clusters. Keyed where the cluster has a secret of its own that lasts; slow elsewhere, and then done once
    for each content."""

    def __init__(self) -> None:
        self._slow: dict[Key, dict[str, tuple[bytes, str]]] = {}

    def of(self, key: Key, cluster: SocketIOCluster, session_key: str, name: str, content: bytes) -> str:
        """16 hexadecimal digits. `name`: of what has this content, different for each of a cluster."""
        if injected(cluster):
            return hmac.new(session_key.encode(), content, hashlib.sha256).hexdigest()[:16]
        digest, slow = hashlib.sha256(content).digest(), self._slow.setdefault(key, {})
        if (known := slow.get(name)) and known[0] == digest:
            return known[1]
        made = hashlib.scrypt(content, salt=cluster.uid.encode(), n=2**14, r=8, p=1, dklen=8).hex()
        slow[name] = (digest, made)
        return made

    def forget(self, key: Key) -> None:
        """Drops what is remembered of a cluster that is gone."""
        self._slow.pop(key, None)
