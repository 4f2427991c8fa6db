"""What only the tests of this folder need."""

from collections.abc import Iterator

import pytest

from tests.traffic.chat_servers import ChatServer, running_chat


@pytest.fixture(scope="session")
def quick_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """A chat server that pings every 300 ms and waits 200 ms for the answer."""
    folder = tmp_path_factory.mktemp("quick")
    with running_chat(["quick"], folder, SOCKETIO_PING_INTERVAL="300", SOCKETIO_PING_TIMEOUT="200") as (server,):
        yield server
