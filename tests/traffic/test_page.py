"""The chat's page in a real browser, two visitors on two servers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.traffic.browser import ChatPage, chromium
from tests.traffic.chat_servers import ChatServer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_page_on_desktop_and_phone(browser: Browser, local_chat: list[ChatServer]) -> None:
    urls = [f"http://127.0.0.1:{server.port}/" for server in local_chat]
    ada = ChatPage.open(browser, urls[0], "Ada")
    linus = ChatPage.open(browser, urls[1], "Linus", width=360, height=640, scheme="dark")
    assert (ada.pod, ada.node, linus.pod) == ("pod-a", "local", "pod-b")

    markup = "<img src=x onerror=document.title='owned'>"
    ada.say(markup)
    assert linus.hears(markup), "a message is shown as text"
    assert linus.page.title() == "Chat across pods"
    assert linus.page.locator("#log img").count() == 0

    linus.say("from the phone")
    assert ada.hears("from the phone")
    assert ada.pod_of("from the phone") == "pod-b"
    for visitor in (ada, linus):
        page = visitor.page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
        assert page.locator("#send").is_visible()
        visitor.close()
