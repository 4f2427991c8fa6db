"""pytest fixtures on a real cluster.

Mark a test `api` when it needs the API server only, `node` when it needs pods that run. The cluster is brought up
with what the collected tests need and taken down at the end, unless it ran before or KEEP_CLUSTER=1.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from tests.cluster import lifecycle, waiting
from tests.cluster.cluster import Cluster
from tests.cluster.diagnostics import describe
from tests.cluster.errors import KubectlError
from tests.cluster.images import build_image, image_digest
from tests.cluster.kubectl import Kubectl

T = TypeVar("T")
LoadImage = Callable[[str | Path], str]
NODES_OF_NODE_TESTS = 2
DELETION_SECONDS = 120.0
PROBED = pytest.StashKey[Kubectl]()
DELETED = pytest.StashKey[list[str]]()


class WaitFor(Protocol):
    """wait_for(condition, timeout, what): see tests.cluster.waiting."""

    def __call__(self, condition: Callable[[], T | None], timeout: float, what: str) -> T:
        """Return the first true value."""
        ...


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A running cluster with the nodes that the collected tests need."""
    marked = any(item.get_closest_marker("node") for item in request.session.items)
    with _shown(request.config):
        ran_before = lifecycle.running() is not None
        found = lifecycle.up(NODES_OF_NODE_TESTS if marked else 0)
    deleted = request.config.stash.setdefault(DELETED, [])
    yield found
    if ran_before or os.environ.get("KEEP_CLUSTER") == "1":
        _wait_until_deleted(Kubectl(found, "default"), deleted)
    else:
        with _shown(request.config):
            lifecycle.down()


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh namespace of pod security level `restricted`; deleted after the test, in the background."""
    with fresh_namespace(cluster, request.node.name, request.config) as kubectl:
        request.node.stash[PROBED] = kubectl
        yield kubectl.namespace


@pytest.fixture
def probed(space: Kubectl, request: pytest.FixtureRequest) -> None:
    """A failed test shows the namespace `space`, which a module has for all of its tests."""
    request.node.stash[PROBED] = space


@contextmanager
def fresh_namespace(cluster: Cluster, title: str, config: pytest.Config) -> Iterator[Kubectl]:
    """kubectl in a namespace named after `title`; for fixtures that several tests share."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-")
    name = f"{slug}-{secrets.token_hex(3)}"
    kubectl = Kubectl(cluster, name)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    yield kubectl
    kubectl("delete", "namespace", name, "--wait=false")
    config.stash[DELETED].append(name)


@pytest.fixture
def kubectl(cluster: Cluster, namespace: str) -> Kubectl:
    """kubectl("get", "pods") in the test's namespace; kubectl.json(...) for Python values."""
    return Kubectl(cluster, namespace)


@pytest.fixture(scope="session")
def load_image(cluster: Cluster) -> LoadImage:
    """load_image("chat") builds an image of ours, or takes a tar, brings it onto every node, returns its name."""

    def load(image: str | Path) -> str:
        tar = build_image(image) if isinstance(image, str) else image
        cluster.load(tar)
        return image_digest(tar)[0]

    return load


@pytest.fixture(scope="session")
def wait_for() -> WaitFor:
    """wait_for(condition, timeout, what) polls.

    A failing kubectl or assertion in the condition, and a child or key that is not there, mean "not yet".
    """

    def wait(condition: Callable[[], T | None], timeout: float, what: str) -> T:
        return waiting.wait_for(condition, timeout, what, tolerate=(KubectlError, AssertionError, LookupError))

    return wait


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the namespace of a failed test looks like to its report."""
    report = yield
    probed = item.stash.get(PROBED, None)
    if report.failed and report.when != "teardown" and probed is not None:
        report.sections.append((f"namespace {probed.namespace}", describe(probed)))
    return report


def _wait_until_deleted(kubectl: Kubectl, namespaces: list[str]) -> None:
    def left() -> list[str]:
        present = {item["metadata"]["name"] for item in kubectl.json("get", "namespaces")["items"]}
        return sorted(present.intersection(namespaces))

    waiting.wait_for(lambda: not left(), DELETION_SECONDS, f"deletion of {', '.join(namespaces)}")


def _shown(config: pytest.Config) -> AbstractContextManager[None]:
    """Let the steps be seen while they run: a first build takes minutes."""
    capture = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else nullcontext()
