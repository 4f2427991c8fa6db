"""The chat's page in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.cluster import packages

# No background traffic, and plain TCP only.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 15_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    if shutil.which("chromium") is None:
        packages.ensure(("chromium", "fonts-liberation", "fonts-dejavu-core"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class ChatPage:
    """One visitor: a browser context of its own with the chat open."""

    page: Page

    @classmethod
    def open(
        cls,
        browser: Browser,
        url: str,
        name: str,
        width: int = 1280,
        height: int = 800,
        scheme: Literal["light", "dark"] = "light",
    ) -> Self:
        """Open the chat and wait until it is connected and upgraded to WebSocket."""
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=2
        )
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.goto(url)
        page.locator("body[data-state=connected][data-pod]").wait_for()
        page.locator("#transport[data-transport=websocket]").wait_for()
        page.locator("#name").fill(name)
        return cls(page)

    @property
    def pod(self) -> str:
        """The pod on the badge."""
        return self.page.locator("#pod").inner_text()

    @property
    def node(self) -> str:
        """The node on the badge."""
        return self.page.locator("#node").inner_text()

    def say(self, text: str) -> None:
        """Type a message and press Enter, then wait until it is in the room."""
        self.page.locator("#text").fill(text)
        self.page.locator("#text").press("Enter")
        assert self.hears(text), f"the page on {self.pod} does not show its own message {text!r}"

    def hears(self, text: str, seconds: float = 5.0) -> bool:
        """Whether a message with this text appears within this time."""
        bubble = self.page.locator(".message .bubble", has_text=text)
        try:
            bubble.first.wait_for(timeout=seconds * 1000)
        except PlaywrightTimeoutError:
            return False
        return True

    def pod_of(self, text: str) -> str | None:
        """The pod through which the message with this text came."""
        return self.page.locator(".message", has_text=text).first.get_attribute("data-pod")

    def screenshot(self, file: Path) -> None:
        """Save what the visitor sees as a PNG file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file, animations="disabled")

    def close(self) -> None:
        """Leave the chat."""
        self.page.context.close()
