"""The API server, through the official client's configuration, TLS and tokens. Kopf has a session of the same kind.

Answers are plain dicts; models would cost more CPU than all decisions together.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_incluster_config, load_kube_config

from socketio_operator import __version__
from socketio_operator.controller.errors import ApiError, error_of
from socketio_operator.controller.lines import lines, whole
from socketio_operator.controller.network import proxy_from_environment
from socketio_operator.controller.settings import Settings
from socketio_operator.desired.kinds import Kind
from socketio_operator.desired.metadata import FIELD_MANAGER

logger = logging.getLogger(__name__)

Json = dict[str, Any]
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
REQUEST_SECONDS = 30.0
CLOSING_SECONDS = 0.25
# Beside watches, which have connections of their own.
IN_FLIGHT = 32
# Objects in a page of a list, and bytes: of large objects a page holds fewer.
PAGE = 256
PAGE_BYTES = 16 * 1024 * 1024
# Nothing of ours comes near this.
LINE_BYTES = 4 * 1024 * 1024
# The event of a watch that stands for one which is too long to be read.
UNREAD = "UNREAD"
# A version that no object has: what is applied with it is made, or refused if something of that name is there.
NO_VERSION = "1"

Load = Callable[[Configuration], Awaitable[None]]


class KubeApi:
    """Requests to one API server. Use as an async context manager; raises ApiError and aiohttp.ClientError.

    `load` fills a Configuration, again when a token is refused. `middlewares` see each request, with its token.
    """

    def __init__(self, configuration: Configuration, load: Load, *middlewares: aiohttp.ClientMiddlewareType) -> None:
        self._configuration, self._load = configuration, load
        # Each watch holds a connection for good; requests are limited by their number instead.
        configuration.connection_pool_maxsize = 0
        configuration.client_session_kwargs = {
            "middlewares": (self._authorize, *middlewares),
            "headers": {"User-Agent": f"socketio-operator/{__version__}"},
            # aiohttp would look for them, and for a password in ~/.netrc, in a thread of its own at each request.
            "trust_env": False,
            "proxy": configuration.proxy or proxy_from_environment(configuration.host),
        }
        self._rest = ApiClient(configuration).rest_client
        self._turn = asyncio.Semaphore(IN_FLIGHT)
        self._renewal = asyncio.Lock()
        self._pool: aiohttp.ClientSession | None = None
        self.server: str = configuration.host

    @classmethod
    async def connect(cls, settings: Settings, *middlewares: aiohttp.ClientMiddlewareType) -> "KubeApi":
        """Configured from a kubeconfig, or from the pod's ServiceAccount. Raises ConfigException."""

        async def load(configuration: Configuration) -> None:
            if settings.kubeconfig is None:
                load_incluster_config(client_configuration=configuration)
            else:
                await load_kube_config(str(settings.kubeconfig), settings.context, configuration)

        configuration = Configuration()
        await load(configuration)
        return cls(configuration, load, *middlewares)

    async def __aenter__(self) -> "KubeApi":
        self._pool = self.new_session()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool:
            await self._pool.close()
            # TLS connections end a moment later, and aiohttp has nothing to wait for that by.
            await asyncio.sleep(CLOSING_SECONDS)

    def new_session(self) -> aiohttp.ClientSession:
        """A session of one's own; who takes it closes it."""
        session: aiohttp.ClientSession = self._rest._create_pool_manager()
        return session

    async def get(self, kind: Kind, namespace: str, name: str, accept: str = "application/json") -> Json | None:
        """A live object, or None if there is none."""
        try:
            return await self._json("GET", path_of(kind, namespace, name), headers={"Accept": accept})
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def create(self, manifest: Json, kind: Kind) -> Json:
        """Server-side apply where nothing of that name is; an ApiError with status 409 if something is."""
        meta = {**manifest["metadata"], "resourceVersion": NO_VERSION}
        return await self._apply({**manifest, "metadata": meta}, kind)

    async def update(self, manifest: Json, kind: Kind, uid: str) -> Json:
        """Server-side apply to exactly the object of this uid; an ApiError with `is_replaced` if it is another."""
        return await self._apply({**manifest, "metadata": {**manifest["metadata"], "uid": uid}}, kind)

    async def apply_status(self, manifest: Json, kind: Kind) -> Json:
        """Server-side apply of the status. Returns the live object."""
        return await self._apply(manifest, kind, "status")

    async def _apply(self, manifest: Json, kind: Kind, subresource: str = "") -> Json:
        # Forced: our fields are ours.
        meta = manifest["metadata"]
        path = path_of(kind, meta["namespace"], meta["name"]) + (f"/{subresource}" if subresource else "")
        manager = f"{FIELD_MANAGER}-{subresource}" if subresource else FIELD_MANAGER
        query = {"fieldManager": manager, "force": "true"}
        return await self._json("PATCH", path, query, manifest, {"Content-Type": APPLY})

    async def patch_metadata(self, kind: Kind, namespace: str, name: str, uid: str, patch: Mapping[str, Any]) -> None:
        """Merges into the metadata of exactly this object."""
        body = {"metadata": {**patch, "uid": uid}}
        await self._json("PATCH", path_of(kind, namespace, name), None, body, {"Content-Type": MERGE})

    async def delete(
        self, kind: Kind, namespace: str, name: str, uid: str, version: int, foreground: bool = False
    ) -> Json | None:
        """Deletes exactly this object in exactly this state; its own children go with it, before it if `foreground`.

        Returns what is left for now, marked as being deleted; None if nothing is.
        """
        body = {
            "preconditions": {"uid": uid, "resourceVersion": str(version)},
            "propagationPolicy": "Foreground" if foreground else "Background",
        }
        answer = await self._json("DELETE", path_of(kind, namespace, name), body=body)
        return None if answer.get("kind") == "Status" else answer

    async def post(self, kind: Kind, manifest: Json) -> Json:
        """A plain create, for events. Returns the live object."""
        return await self._json("POST", path_of(kind, manifest["metadata"]["namespace"]), body=manifest)

    async def pages(
        self, kind: Kind, namespace: str | None, selector: str, metadata_only: bool = False
    ) -> AsyncGenerator[tuple[list[Json], str]]:
        """All objects, a page at a time, each with the resourceVersion of the list."""
        query, size = {"labelSelector": selector}, PAGE
        headers = {"Accept": METADATA_LIST} if metadata_only else {}
        while True:
            found = await self._page(path_of(kind, namespace), {**query, "limit": str(size)}, headers)
            if found is None:
                if size == 1:
                    raise ValueError(f"an object of more than {PAGE_BYTES} bytes")
                size = max(1, size // 4)
                continue
            answer: Json = orjson.loads(found)
            # Only in lists the API server leaves the kind of an item out; an empty list of metadata is null.
            items = [{**item, "apiVersion": kind.api_version, "kind": kind.kind} for item in answer["items"] or ()]
            yield items, answer["metadata"]["resourceVersion"]
            if not (rest := answer["metadata"].get("continue")):
                return
            query = {**query, "continue": rest}

    async def watch(
        self, kind: Kind, namespace: str | None, selector: str, version: str, seconds: int
    ) -> AsyncGenerator[tuple[str, Json]]:
        """(event type, object) until the server ends the watch; bookmarks included, and UNREAD with no object.

        Raises ApiError, with status 410 if the version is too old.
        """
        query = {
            "labelSelector": selector,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        headers = {"Accept": METADATA_ONLY} if kind.metadata_only else {}
        response = await self._send("GET", path_of(kind, namespace), query, None, headers, seconds + REQUEST_SECONDS)
        try:
            async with aclosing(lines(response.content, LINE_BYTES)) as found:
                async for line in found:
                    if line is None:
                        yield UNREAD, {}
                        continue
                    event = orjson.loads(line)
                    if event["type"] == "ERROR":
                        status = event["object"]
                        raise ApiError(status.get("code", 500), status.get("reason", ""), status.get("message", ""))
                    yield event["type"], event["object"]
        finally:
            response.close()

    async def serves(self, group_version: str, plural: str) -> bool:
        """Whether the API server serves a resource (its CRD is installed)."""
        return plural in await self.resources(group_version)

    async def resources(self, group_version: str) -> frozenset[str]:
        """Plurals of what the API server serves of a version of a group, subresources included; empty if nothing."""
        try:
            answer = await self._json("GET", f"/apis/{group_version}")
        except ApiError as error:
            if error.status == 404:
                return frozenset()
            raise
        return frozenset(resource["name"] for resource in answer["resources"])

    async def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        async with self._turn:
            response = await self._send(method, path, query, body, headers)
            async with response:
                answer: Json = orjson.loads(await response.read())
                return answer

    async def _page(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> bytes | None:
        """One page of a list; None if it is too large."""
        async with self._turn:
            response = await self._send("GET", path, query, None, headers)
            async with response:
                found = await whole(response.content, PAGE_BYTES)
                if found is None:
                    response.close()
                return found

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Json | None,
        headers: Mapping[str, str] | None,
        timeout: float = REQUEST_SECONDS,
    ) -> aiohttp.ClientResponse:
        assert self._pool is not None, "use it as a context manager"
        url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
        response = await self._pool.request(
            method,
            url,
            data=None if body is None else orjson.dumps(body),
            headers={"Content-Type": "application/json", **(headers or {})},
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=10),
            server_hostname=self._configuration.tls_server_name or None,
        )
        if response.status >= 400:
            async with response:
                raise await error_of(response)
        return response

    async def _authorize(self, request: aiohttp.ClientRequest, handler: "Handler") -> aiohttp.ClientResponse:
        """Puts the client's token on every request of a session; one that is refused is renewed, once."""
        used = await self._token(request)
        response = await handler(request)
        if response.status != 401 or not used:
            return response
        async with self._renewal:
            if await self._token(request) == used:
                await self._load(self._configuration)
        if await self._token(request) == used:
            return response
        logger.info("The API server refused the token; it was renewed.")
        response.release()
        return await handler(request)

    async def _token(self, request: aiohttp.ClientRequest) -> str | None:
        token: str | None = await self._configuration.get_api_key_with_prefix("BearerToken")
        if token:
            request.headers["Authorization"] = token
        return token


Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


def path_of(kind: Kind, namespace: str | None, name: str = "") -> str:
    """URL path of a collection or an object; all namespaces for None."""
    root = "/api/v1" if kind.api_version == "v1" else f"/apis/{kind.api_version}"
    scope = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"{root}{scope}/{kind.plural}" + (f"/{quote(name)}" if name else "")
