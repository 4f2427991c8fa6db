"""Two people in two browsers on two pods talk to each other."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.cluster.kubectl import Kubectl
from tests.traffic.browser import ChatPage, chromium
from tests.traffic.chat_cluster import ChatCluster, deploy_chat
from tests.traffic.forwarder import forwarding
from tests.traffic.swarm import source_addresses
from tests.traffic.traefik import Traefik

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def visit(stack: ExitStack, browser: Browser, chat: ChatCluster, source: str, name: str) -> ChatPage:
    """Open the chat as a visitor with this address."""
    port = stack.enter_context(forwarding(chat.target.port, source))
    visitor = ChatPage.open(browser, f"http://{chat.target.host}:{port}/", name)
    stack.callback(visitor.close)
    return visitor


def on_another_node(stack: ExitStack, browser: Browser, chat: ChatCluster, first: ChatPage, name: str) -> ChatPage:
    """A second visitor, with the first address that leads to a pod on another node than the first visitor's."""
    for source in source_addresses(30, networks=5):
        visitor = visit(stack, browser, chat, source, name)
        if visitor.node != first.node:
            return visitor
    raise AssertionError(f"30 addresses all lead to {first.node}")


def test_message_crosses_pods(browser: Browser, kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy_chat(kubectl, traefik, "chat")
    with ExitStack() as stack:
        ada = visit(stack, browser, chat, "127.0.1.1", "Ada")
        grace = on_another_node(stack, browser, chat, ada, "Grace")
        assert {ada.pod, grace.pod} <= set(chat.pod_names)
        assert ada.pod != grace.pod
        conversation = (
            (ada, grace, "Hi! Is anybody there, on one of the other pods?"),
            (grace, ada, "Yes, here: another pod on another node, and your message arrived all the same."),
            (ada, grace, "How does it get from my pod to yours?"),
            (grace, ada, "Through Redis, which the operator runs beside us."),
            (ada, grace, "And all of that from a manifest of ten lines."),
        )
        for speaker, listener, text in conversation:
            speaker.say(text)
            assert listener.hears(text), f"{text!r} did not get from {speaker.pod} to {listener.pod}"
            assert listener.pod_of(text) == speaker.pod
        ada.screenshot(SCREENSHOTS / "chat.png")
        grace.screenshot(SCREENSHOTS / "chat-other-pod.png")


def test_message_stays_without_adapter(browser: Browser, kubectl: Kubectl, traefik: Traefik) -> None:
    """The control: the same page, no adapter."""
    chat = deploy_chat(kubectl, traefik, "chat-alone", adapter="none")
    with ExitStack() as stack:
        ada = visit(stack, browser, chat, "127.0.1.1", "Ada")
        grace = on_another_node(stack, browser, chat, ada, "Grace")
        ada.say("Hello?")
        assert not grace.hears("Hello?", seconds=3)
        grace.screenshot(SCREENSHOTS / "chat-without-adapter.png")
