"""An administrator's few requests on one kept connection: what a measurement looks with must cost next to nothing."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench.credentials import credentials
from tests.cluster.errors import ApiError

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
TIMEOUT = 120.0


class Admin:
    """Requests one after the other. Every method raises ApiError when the API server refuses."""

    def __init__(self, kubeconfig: Path) -> None:
        self._credentials = credentials(kubeconfig, "bench-admin")
        address = urlsplit(self._credentials.server)
        assert address.hostname is not None
        self._connection = http.client.HTTPSConnection(
            address.hostname, address.port, timeout=TIMEOUT, context=self._credentials.tls
        )

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def get(self, path: str) -> Any:
        """The JSON at `path`."""
        return self.request("GET", path)

    def count(self, collection: str) -> int:
        """How many objects a collection has, without reading them."""
        answer = self.get(f"{collection}?limit=1")
        return len(answer["items"]) + int(answer["metadata"].get("remainingItemCount", 0))

    def apply(self, path: str, manifest: dict[str, Any]) -> Any:
        """Creates or changes the object at `path` by server-side apply."""
        return self.request("PATCH", f"{path}?fieldManager=bench&force=true", manifest, APPLY)

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """The JSON that a request is answered with."""
        return json.loads(self.text(method, path, body, content_type))

    def text(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> str:
        """What a request is answered with."""
        headers = self._credentials.headers | ({"Content-Type": content_type} if body is not None else {})
        sent = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, sent, headers)
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # A kept connection may have been closed meanwhile; http.client opens a new one by itself.
            self._connection.close()
            self._connection.request(method, path, sent, headers)
            answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise ApiError(f"{method} {path}: {answer.status} {content[:500].decode(errors='replace')}")
        return content.decode()
