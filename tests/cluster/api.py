"""The few requests that bringing a cluster up needs, without starting kubectl for each."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from tests.cluster.certificates import Pair
from tests.cluster.errors import ApiError


class Api:
    """An administrator's requests to the API server.

    Every method raises OSError when the server cannot be reached, and ApiError when it refuses.
    """

    def __init__(self, server: str, authority: Pair, client: Pair) -> None:
        self._server = server
        self._tls = ssl.create_default_context(cafile=str(authority.certificate))
        self._tls.load_cert_chain(client.certificate, client.key)

    def ready(self) -> bool:
        """Whether the API server says it is ready."""
        return self._request("GET", "/readyz") == b"ok"

    def node_ready(self, name: str) -> bool:
        """Whether the node is Ready and takes pods."""
        node = self.get(f"/api/v1/nodes/{name}")
        conditions = {item["type"]: item["status"] for item in node["status"].get("conditions", [])}
        return conditions.get("Ready") == "True" and not node["spec"].get("taints")

    def get(self, path: str) -> Any:
        """The JSON at `path`."""
        return json.loads(self._request("GET", path))

    def apply(self, path: str, manifest: dict[str, Any]) -> None:
        """Create or change the object at `path` by server-side apply."""
        self._request("PATCH", f"{path}?fieldManager=cluster&force=true", json.dumps(manifest).encode())

    def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/apply-patch+yaml"} if body else {}
        request = urllib.request.Request(self._server + path, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, context=self._tls, timeout=10) as answer:
                content: bytes = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(f"{method} {path}: {error.code} {error.read().decode()}") from None
        return content
