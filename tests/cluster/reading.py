"""`kubectl get --output=json` without starting kubectl, which costs 0.17 s of a core each time a wait asks again."""

from __future__ import annotations

import argparse
import base64
import json
import ssl
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml

from tests.cluster.errors import KubectlError

# https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
SECONDS = 10.0


@dataclass(frozen=True)
class Query:
    """What a `get` asks for: kinds as they were written, the name of one object, or of many those that are selected."""

    kinds: tuple[str, ...]
    name: str = ""
    selected: dict[str, str] = field(default_factory=dict)


_PARSER = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
_PARSER.add_argument("words", nargs="*")
_PARSER.add_argument("-l", "--selector", default="")
_PARSER.add_argument("--field-selector", default="")


def parsed(arguments: Sequence[str]) -> Query | None:
    """The query of kubectl's arguments; None for those that are kubectl's own affair."""
    found, unknown = _PARSER.parse_known_args(arguments)
    verb, *words = found.words or [""]
    if len(words) == 1 and words[0].count("/") == 1:
        words = words[0].split("/")
    if unknown or verb != "get" or not 1 <= len(words) <= 2 or any("/" in word for word in words):
        return None
    selected = {"labelSelector": found.selector, "fieldSelector": found.field_selector}
    kinds = tuple(words[0].lower().split(","))
    name = words[1] if len(words) == 2 else ""
    return Query(kinds, name, {key: value for key, value in selected.items() if value})


@dataclass(frozen=True)
class Resource:
    """A kind of object that the API server has; `path` is that of its group and version."""

    path: str
    plural: str
    kind: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        """As objects state it."""
        return self.path.removeprefix("/apis/").removeprefix("/api/")


class Reader:
    """Reads objects as the user of a kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        tls = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile() as pair:
            for part in ("client-certificate-data", "client-key-data"):
                pair.write(base64.b64decode(user[part]))
            pair.flush()
            tls.load_cert_chain(pair.name)
        self._connection = HTTPSConnection(cluster["server"].removeprefix("https://"), timeout=SECONDS, context=tls)
        self._one_at_a_time = threading.Lock()
        self._resources: dict[str, Resource] = {}

    def get(self, query: Query, namespace: str) -> Any | None:
        """The object, or a list of those that there are; None where kubectl may know more.

        Raises KubectlError in kubectl's words where there is no such object, and OSError or HTTPException when the
        server does not answer as it should.
        """
        resources = [found for kind in query.kinds if (found := self._resource(kind))]
        if len(resources) < len(query.kinds) or (query.name and len(resources) > 1):
            return None
        if query.name:
            return self._one(resources[0], query.name, namespace)
        items = [item for one in resources for item in self._all(one, query.selected, namespace)]
        return {"apiVersion": "v1", "kind": "List", "items": items}

    def _one(self, resource: Resource, name: str, namespace: str) -> Any:
        return _without_managers(self._read(f"{_path(resource, namespace)}/{quote(name)}"))

    def _all(self, resource: Resource, selected: dict[str, str], namespace: str) -> list[Any]:
        items = self._read(f"{_path(resource, namespace)}?{urlencode(selected)}")["items"]
        head = {"apiVersion": resource.api_version, "kind": resource.kind}
        return [head | _without_managers(item) for item in items]

    def _resource(self, name: str) -> Resource | None:
        """By its plural, singular or short name, with or without its group."""
        if name not in self._resources:
            self._resources = self._discovered()
        return self._resources.get(name)

    def _discovered(self) -> dict[str, Resource]:
        names: dict[str, Resource] = {}
        for root in ("/api", "/apis"):
            for group in self._read(root, DISCOVERY)["items"]:
                group_name = group["metadata"].get("name", "")
                version = group["versions"][0]  # the preferred one comes first
                path = "/".join(part for part in (root, group_name, version["version"]) if part)
                for one in version["resources"]:
                    kind = one.get("responseKind", {}).get("kind", "")
                    resource = Resource(path, one["resource"], kind, one["scope"] == "Namespaced")
                    for name in (one["resource"], one.get("singularResource", ""), *one.get("shortNames", ())):
                        # Of groups that have the same name, the first is meant.
                        names.setdefault(name, resource)
                        names.setdefault(f"{name}.{group_name}", resource)
        return names

    def _read(self, path: str, accept: str = "application/json") -> Any:
        status, said = self._answer(path, {"Accept": accept})
        if status == HTTPStatus.OK:
            return json.loads(said)
        if status == HTTPStatus.NOT_FOUND and said.startswith(b"{"):
            raise KubectlError(f"Error from server (NotFound): {json.loads(said)['message']}")
        # A kind that is gone, answered in plain text, or a server that has to be asked again: kubectl does.
        self._resources = {}
        raise OSError(f"{path} was answered with {status}")

    def _answer(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and body."""
        with self._one_at_a_time:
            try:
                return _ask(self._connection, path, headers)
            except (OSError, HTTPException):
                # The server may have closed it since; the next request opens it again.
                self._connection.close()
                return _ask(self._connection, path, headers)


def _ask(connection: HTTPSConnection, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection.request("GET", path, headers=headers)
    with connection.getresponse() as answer:
        return answer.status, answer.read()


def _path(resource: Resource, namespace: str) -> str:
    inside = f"namespaces/{namespace}/" if resource.namespaced else ""
    return f"{resource.path}/{inside}{resource.plural}"


def _without_managers(item: dict[str, Any]) -> dict[str, Any]:
    """As kubectl shows it."""
    item["metadata"].pop("managedFields", None)
    return item


def get(kubeconfig: Path, arguments: Sequence[str], namespace: str) -> Any | None:
    """As `Reader.get`, for kubectl's arguments; also None where the server does not answer as it should."""
    query = parsed(arguments)
    if query is None:
        return None
    try:
        return _reader(kubeconfig, kubeconfig.stat().st_mtime_ns).get(query, namespace)
    except (OSError, HTTPException):
        return None


@cache
def _reader(kubeconfig: Path, _written: int) -> Reader:
    return Reader(kubeconfig)
