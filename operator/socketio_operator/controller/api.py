"""The API server, through the official client's connection: its configuration, TLS and token renewal.

Answers are plain dicts; models would cost more CPU than all decisions together. Kopf shares the session.
"""

import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_incluster_config, load_kube_config

from socketio_operator import __version__
from socketio_operator.controller.settings import Settings
from socketio_operator.desired.kinds import Kind
from socketio_operator.desired.metadata import FIELD_MANAGER

logger = logging.getLogger(__name__)

Json = dict[str, Any]
APPLY = "application/apply-patch+yaml"
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
REQUEST_SECONDS = 30.0


class ApiError(Exception):
    """The API server refused a request. `status` is the HTTP code, `message` its own sentence.

    `namespace_ends`: nothing can be made in the namespace any more, as it is being deleted.
    """

    def __init__(self, status: int, reason: str, message: str, causes: frozenset[str] = frozenset()) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message
        self.namespace_ends = "NamespaceTerminating" in causes

    @property
    def is_rejection(self) -> bool:
        """Whether the content itself is refused, so that trying again does not help."""
        # A field that the schema does not know makes a server-side apply answer 500 (Kubernetes 1.36).
        unknown_field = self.status == 500 and self.message.startswith("failed to create typed patch object")
        return not self.namespace_ends and (self.status in (400, 403, 422) or unknown_field)


class KubeApi:
    """Requests to one API server. Use as an async context manager; raises ApiError and aiohttp.ClientError."""

    def __init__(self, configuration: Configuration) -> None:
        configuration.client_session_kwargs = {
            "middlewares": (_authorizer(configuration),),
            "headers": {"User-Agent": f"socketio-operator/{__version__}"},
        }
        self._rest = ApiClient(configuration).rest_client
        self.server: str = configuration.host

    @classmethod
    async def connect(cls, settings: Settings) -> "KubeApi":
        """Configured from a kubeconfig, or from the pod's ServiceAccount. Raises ConfigException."""
        configuration = Configuration()
        if settings.kubeconfig is None:
            load_incluster_config(client_configuration=configuration)
        else:
            await load_kube_config(str(settings.kubeconfig), settings.context, configuration)
        return cls(configuration)

    async def __aenter__(self) -> "KubeApi":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rest.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session, for Kopf."""
        if self._rest.pool_manager is None:
            self._rest.pool_manager = self._rest._create_pool_manager()
        session: aiohttp.ClientSession = self._rest.pool_manager
        return session

    async def get(self, kind: Kind, namespace: str, name: str, accept: str = "application/json") -> Json | None:
        """A live object, or None if there is none."""
        try:
            return await self._json("GET", path_of(kind, namespace, name), headers={"Accept": accept})
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def apply(self, manifest: Json, kind: Kind, subresource: str = "") -> Json:
        """Server-side apply, forced: our fields are ours. Returns the live object."""
        meta = manifest["metadata"]
        path = path_of(kind, meta["namespace"], meta["name"]) + (f"/{subresource}" if subresource else "")
        manager = f"{FIELD_MANAGER}-{subresource}" if subresource else FIELD_MANAGER
        query = {"fieldManager": manager, "force": "true"}
        return await self._json("PATCH", path, query, manifest, {"Content-Type": APPLY})

    async def delete(
        self, kind: Kind, namespace: str, name: str, uid: str, resource_version: str, foreground: bool = False
    ) -> None:
        """Deletes exactly this object in exactly this state; its own children go with it, before it if `foreground`."""
        body = {
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
            "propagationPolicy": "Foreground" if foreground else "Background",
        }
        await self._json("DELETE", path_of(kind, namespace, name), body=body)

    async def create(self, kind: Kind, manifest: Json) -> None:
        """A plain create, for events."""
        await self._json("POST", path_of(kind, manifest["metadata"]["namespace"]), body=manifest)

    async def list(self, kind: Kind, namespace: str | None, selector: str) -> tuple[list[Json], str]:
        """All objects and the resourceVersion of the list."""
        answer = await self._json("GET", path_of(kind, namespace), {"labelSelector": selector})
        # Only in lists the API server leaves the kind of an item out.
        items = [{**item, "apiVersion": kind.api_version, "kind": kind.kind} for item in answer["items"]]
        return items, answer["metadata"]["resourceVersion"]

    async def watch(
        self, kind: Kind, namespace: str | None, selector: str, resource_version: str, seconds: int
    ) -> AsyncGenerator[tuple[str, Json]]:
        """(event type, object) until the server ends the watch; bookmarks included. Raises ApiError on 410."""
        query = {
            "labelSelector": selector,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(seconds),
        }
        response = await self._send("GET", path_of(kind, namespace), query, timeout=seconds + REQUEST_SECONDS)
        try:
            async for line in response.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ApiError(status.get("code", 500), status.get("reason", ""), status.get("message", ""))
                yield event["type"], event["object"]
        finally:
            response.close()

    async def serves(self, group_version: str, plural: str) -> bool:
        """Whether the API server serves a resource (its CRD is installed)."""
        try:
            answer = await self._json("GET", f"/apis/{group_version}")
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return any(resource["name"] == plural for resource in answer["resources"])

    async def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        response = await self._send(method, path, query, body, headers)
        async with response:
            answer: Json = await response.json(content_type=None)
            return answer

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = REQUEST_SECONDS,
    ) -> aiohttp.ClientResponse:
        url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
        limit = aiohttp.ClientTimeout(total=timeout, sock_connect=10)
        answer = await self._rest.request(method, url, headers=dict(headers or {}), body=body, _request_timeout=limit)
        response: aiohttp.ClientResponse = answer.response
        if response.status >= 400:
            async with response:
                raise await _error_of(response)
        return response


def path_of(kind: Kind, namespace: str | None, name: str = "") -> str:
    """URL path of a collection or an object; all namespaces for None."""
    root = "/api/v1" if kind.api_version == "v1" else f"/apis/{kind.api_version}"
    scope = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"{root}{scope}/{kind.plural}" + (f"/{quote(name)}" if name else "")


async def _error_of(response: aiohttp.ClientResponse) -> ApiError:
    text = await response.text()
    try:
        status = json.loads(text)
    except ValueError:
        status = {}
    causes = frozenset(cause.get("reason", "") for cause in (status.get("details") or {}).get("causes", ()))
    reason, message = status.get("reason", response.reason or ""), status.get("message", text[:500])
    return ApiError(response.status, reason, message, causes)


Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


def _authorizer(configuration: Configuration) -> Callable[[aiohttp.ClientRequest, Handler], Any]:
    """Puts the client's token on every request of the session, Kopf's too, and renews it as the client does."""

    async def authorize(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        token = await configuration.get_api_key_with_prefix("BearerToken")
        if token:
            request.headers["Authorization"] = token
        return await handler(request)

    return authorize
