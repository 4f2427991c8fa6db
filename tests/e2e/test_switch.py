"""From one router to another while clients are connected: at each moment one of the two routes serves."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.traffic.chat_cluster import PROXIED, deploy_chat, wait_ready
from tests.traffic.route import NodePorts
from tests.traffic.swarm import Swarm, source_addresses
from tests.traffic.traefik import Traefik
from tests.traffic.wire import Target

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

NAME, HOST = "switched", "switched.localhost"
INGRESS: dict[str, Any] = {"router": "ingress-nginx", "proxy": None, "service": None}
PROXY = PROXIED | {"proxy": {"type": "haproxy"}}


class Watch:
    """Asks both routes again and again. `ticks`: whether the Ingress served, and whether the proxy did."""

    def __init__(self, kubectl: Kubectl, traefik: Traefik) -> None:
        self.kubectl, self.ticks = kubectl, list[tuple[bool, bool]]()
        self._ingress, self._proxy = traefik.target(HOST), NodePorts(kubectl, f"{NAME}-proxy", ())

    async def until(self, over: Callable[[], bool]) -> None:
        """Ask until it is over."""
        while not await asyncio.to_thread(over):
            self.ticks.append(await asyncio.to_thread(self._both))

    def _both(self) -> tuple[bool, bool]:
        return serves(self._ingress), self.proxy_serves()

    def proxy_serves(self) -> bool:
        """Whether the Service of the proxy is there, and leads to a page."""
        try:
            return serves(self._proxy.target(HOST))
        except (KubectlError, KeyError):
            return False

    def is_gone(self, kind: str, name: str) -> bool:
        """Whether there is no such object any more."""
        return not self.kubectl("get", kind, name, "--ignore-not-found", "--output=name")


def serves(target: Target) -> bool:
    """Whether the chat's page comes from each of the target's addresses."""
    try:
        for address in target.addresses:
            with urlopen(Request(f"http://{address}:{target.port}/", headers={"Host": HOST}), timeout=5) as answer:
                answer.read()
    except OSError:
        return False
    return True


def switch(kubectl: Kubectl, routing: dict[str, Any]) -> None:
    kubectl("patch", "sio", NAME, "--type=merge", f"--patch={json.dumps({'spec': {'routing': routing}})}")


def test_from_an_ingress_to_a_proxy_and_back(kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy_chat(kubectl, traefik, NAME, affinity="none")

    async def scenario() -> tuple[int, Watch]:
        watch = Watch(kubectl, traefik)
        async with Swarm(chat.target, source_addresses(20), "websocket") as clients:
            switch(kubectl, PROXY)
            await watch.until(lambda: watch.is_gone("ingress", NAME))
            alive = clients.result().sticky
        switch(kubectl, INGRESS)
        await watch.until(lambda: watch.is_gone("deployment", f"{NAME}-haproxy"))
        return alive, watch

    alive, watch = asyncio.run(scenario())
    assert alive == 20, "WebSockets of the old route go on"
    assert all(any(tick) for tick in watch.ticks), watch.ticks
    assert (True, True) in watch.ticks, "for a while both serve"
    wait_ready(kubectl, NAME)
    assert (serves(chat.target), watch.proxy_serves()) == (True, False)
