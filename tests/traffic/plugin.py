"""Fixtures of the traffic tests: Traefik in front of the cluster, or of local servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.traffic.chat_servers import ChatServer, running_chat, running_redis
from tests.traffic.routes import COOKIE_HOST, HASH_HOST, ROUND_ROBIN_HOST, write_routes
from tests.traffic.traefik import INGRESS_CLASS, Traefik, running_traefik, running_traefik_with_file

PODS = ("pod-a", "pod-b", "pod-c")


@pytest.fixture(scope="session")
def traefik(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traefik]:
    """Traefik that reads the cluster's Ingresses of class nginx; the class is made if it is missing."""
    Kubectl(cluster, "default").apply(INGRESS_CLASS)
    log = tmp_path_factory.mktemp("traefik") / "traefik.log"
    with running_traefik(cluster.kubeconfig, log) as traefik:
        yield traefik


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local Redis."""
    with running_redis(tmp_path_factory.mktemp("redis") / "redis.log") as url:
        yield url


@pytest.fixture(scope="session")
def local_chat(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ChatServer]]:
    """Three local chat servers that share a Redis."""
    with running_chat(PODS, tmp_path_factory.mktemp("chat"), redis_url) as servers:
        yield servers


@pytest.fixture(scope="session")
def local_traefik(local_chat: list[ChatServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traefik]:
    """Traefik in front of the local servers: by client address, by cookie, and round robin."""
    folder = tmp_path_factory.mktemp("traefik")
    routes = write_routes(folder / "routes.yaml", local_chat)
    with running_traefik_with_file(routes, folder / "traefik.log") as traefik:
        for host in (HASH_HOST, COOKIE_HOST, ROUND_ROBIN_HOST):
            traefik.wait_routed(host)
        yield traefik
