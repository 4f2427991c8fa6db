"""Processes end with their test."""

from collections.abc import Iterator

import pytest
from support.app import stop_all
from support.net import RedisServer


@pytest.fixture(autouse=True)
def _apps() -> Iterator[None]:
    yield
    stop_all()


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.stop()
