"""What listens in the app's process and is not the runtime's is the app's; what does not listen yet has not ended."""

import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.net import free_port
from support.until import until

sys.path.append(str(Path(__file__).resolve().parent.parent))
from socketio_runtime.main import Runtime
from socketio_runtime.port.side_port import SidePort
from socketio_runtime.processes.door import Door, Pod, ask

ADDRESS = "127.9.1.1"


def side_port(runtime: Runtime) -> SidePort:
    runtime.side_port = SidePort({}, ADDRESS, free_port(ADDRESS))
    return runtime.side_port


def list_port(runtime: Runtime) -> SidePort:
    runtime.list_port = SidePort({}, ADDRESS, free_port(ADDRESS))
    return runtime.list_port


def door(runtime: Runtime) -> SidePort:
    runtime.processes.door = Door(Pod(ADDRESS, os.getpid()), {})
    return runtime.processes.door


@pytest.mark.parametrize("ours", [side_port, list_port, door])
def test_a_port_of_the_runtime_is_not_the_apps_from_its_first_moment_on(
    ours: Callable[[Runtime], SidePort], monkeypatch: pytest.MonkeyPatch
) -> None:
    listens = threading.Event()
    listen = socket.socket.listen

    def slow(self: socket.socket, backlog: int) -> None:
        listen(self, backlog)
        listens.set()
        threading.Event().wait()  # that thread goes no further

    runtime = Runtime({})
    port = ours(runtime)
    assert runtime.app_address.own() is None
    monkeypatch.setattr(socket.socket, "listen", slow)
    port.open()
    try:
        assert listens.wait(10)
        assert runtime.app_address.own() is None
    finally:
        port.forget()


def test_control_any_other_one_is() -> None:
    with socket.create_server((ADDRESS, 0)) as server:
        found = Runtime({}).app_address.own()
        assert found
        assert found.port == server.getsockname()[1]


def test_a_process_that_is_asked_before_it_listens_is_found_later(monkeypatch: pytest.MonkeyPatch) -> None:
    pod = Pod(ADDRESS, os.getpid())
    answers: list[dict[int, object]] = []
    listen = socket.socket.listen

    def asked_before(self: socket.socket, backlog: int) -> None:
        answers.append(ask(pod, "state", {os.getpid(): {}}))
        listen(self, backlog)

    monkeypatch.setattr(socket.socket, "listen", asked_before)
    door = Door(pod, {"state": lambda body: "here"})
    door.open()
    until("its answer", lambda: ask(pod, "state", {os.getpid(): {}}) == {os.getpid(): "here"})
    assert answers == [{}]
    door.forget()
