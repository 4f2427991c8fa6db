"""The rig that measures what clients go through: it counts what is known to happen, on local servers."""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.traffic.chat_servers import ROOMS, ChatServer, running_chat
from tests.traffic.continuity.crowd import Crowd, crowd
from tests.traffic.continuity.expectations import assert_kept
from tests.traffic.routes import HASH_HOST, ROUND_ROBIN_HOST, write_routes
from tests.traffic.traefik import running_traefik_with_file
from tests.traffic.wire import Target

EACH = 4


def running_rooms(
    folder: Path, redis_url: str | None = None, **environment: str
) -> AbstractContextManager[list[ChatServer]]:
    # Tests share a Redis: what one leaves behind is not the next one's.
    prefix = {"SOCKETIO_ADAPTER_PREFIX": folder.name} if redis_url else {}
    return running_chat(("a", "b", "c"), folder, redis_url, "redis-streams", ROOMS, **prefix, **environment)


@contextmanager
def crowd_of(servers: list[ChatServer], folder: Path, host: str = HASH_HOST, each: int = EACH) -> Iterator[Crowd]:
    routes = write_routes(folder / "routes.yaml", servers)
    with running_traefik_with_file(routes, folder / "traefik.log") as traefik:
        traefik.wait_routed(host)
        with crowd(Target(traefik.port, host), each) as clients:
            yield clients


def test_nothing_happens(redis_url: str, tmp_path: Path) -> None:
    with running_rooms(tmp_path, redis_url) as servers, crowd_of(servers, tmp_path) as clients:
        seen = clients.watch("nothing", lambda: clients.wait_numbers(20))
    sums = seen.sums()
    assert sums.kept == sums.clients == 3 * EACH
    assert (sums.cut, sums.lost, sums.missed, sums.doubled, sums.unanswered, sums.forgotten) == (0,) * 6
    assert 200 <= sums.gap < 2000


def test_what_stays_on_its_pod_is_lost_for_the_others(tmp_path: Path) -> None:
    """No adapter: each number reaches the clients of one server of three."""
    with running_rooms(tmp_path) as servers, crowd_of(servers, tmp_path) as clients:
        seen = clients.watch("no adapter", lambda: clients.wait_numbers(20), settle=1)
    sums = seen.sums()
    assert (sums.cut, sums.doubled) == (0, 0)
    assert sums.lost >= sums.clients


def test_a_server_that_is_killed_takes_its_sessions_along(redis_url: str, tmp_path: Path) -> None:
    with running_rooms(tmp_path, redis_url) as servers, crowd_of(servers, tmp_path) as clients:

        def kill() -> None:
            os.kill(servers[0].pid, signal.SIGKILL)
            clients.wait_numbers(20)

        seen = clients.watch("killed", kill, settle=2)
    sums = seen.sums()
    assert 0 < sums.cut < sums.clients
    assert sums.kept < sums.clients


def test_requests_find_their_session_without_affinity(redis_url: str, tmp_path: Path) -> None:
    files = {"SOCKETIO_RUNTIME_SESSION_KEY_FILE": "session-key", "SOCKETIO_RUNTIME_TOKEN_FILE": "token"}
    for file in files.values():
        (tmp_path / file).write_text(secrets.token_hex(32))
    forwarding = {name: str(tmp_path / file) for name, file in files.items()}
    forwarding |= dict.fromkeys(("SOCKETIO_RUNTIME_ADDRESS", "SOCKETIO_RUNTIME_PEERS"), "127.0.0.1")
    with (
        running_rooms(tmp_path, redis_url, **forwarding) as servers,
        crowd_of(servers, tmp_path, ROUND_ROBIN_HOST) as clients,
    ):
        seen = clients.watch("no affinity", lambda: clients.wait_numbers(50))
    assert_kept(seen)
    assert seen.sums().cut == 0, seen.stories(lambda client: client.cuts)
