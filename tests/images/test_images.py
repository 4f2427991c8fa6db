"""Every Dockerfile is built, saved and run: unprivileged, read-only, without a shell and without a trace of its build.

On a busy machine about 2 minutes with buildah's cache warm, and 4 more for the two builds behind a mirror, which take
nothing from it; from nothing 7 minutes more.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from socketio_operator import __version__
from tests.cluster.layout import CHECKOUT
from tests.cluster.waiting import wait_for
from tests.images import base, mirror_server, mirrors
from tests.images.building import IMAGES, REPOSITORY, build, build_from, builder, image_name, save
from tests.images.container import VOLUME, Archive, Container
from tests.images.traces import found, traces
from tests.traffic.ports import free_port

pytestmark = pytest.mark.long
USERS = {"socketio-operator": 65532, "runtime-node": 1000, "runtime-python": 1000, "chat": 1000, "chat-python": 1000}
ENTRY_POINTS = {
    "socketio-operator": ["/usr/local/bin/socketio-operator"],
    "runtime-node": ["/bin/cp"],
    "runtime-python": ["/bin/cp"],
    "chat": ["/usr/bin/node", "server.js"],
    "chat-python": ["/usr/bin/python3.11", "server.py"],
}
SHELLS = {"sh", "ash", "bash", "dash"}


@cache
def archive(name: str) -> Archive:
    """The image with the short name `name`, built and saved once."""
    return Archive(save(build(name)))


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Container]:
    """container("chat"): the image, unpacked once."""

    @cache
    def unpacked(name: str) -> Container:
        return Container.of(archive(name), tmp_path_factory.mktemp(name))

    return unpacked


@pytest.mark.parametrize("name", IMAGES)
def test_the_configuration_says_who_runs_what(name: str) -> None:
    config = archive(name).config()["config"]
    assert config["User"] == f"{USERS[name]}:{USERS[name]}"
    assert config["Entrypoint"] == ENTRY_POINTS[name]
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    assert labels.pop("description")
    assert labels == {"title": name, "licenses": "Apache-2.0", "version": __version__, "source": ""}


@pytest.mark.parametrize("name", IMAGES)
def test_no_image_has_a_shell(name: str, container: Callable[[str], Container]) -> None:
    programs = [path for path in (container(name).bundle / "rootfs").rglob("*bin/*") if os.access(path, os.X_OK)]
    assert programs
    assert not [path for path in programs if path.name in SHELLS]


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_keeps_no_trace_of_where_it_was_built(name: str, tmp_path: Path) -> None:
    assert found(archive(name), traces(mirrors.secrets(tmp_path, IMAGES[name].suite))) == []


def test_a_trace_would_be_found(tmp_path: Path) -> None:
    """The control of the test above: a step that keeps what it was told."""
    (tmp_path / "Dockerfile").write_text(
        f"FROM {base.image_name('trixie')}\nRUN --mount=type=secret,id=npm,target=/told cp /told /kept\n"
    )
    base.ensure(builder(), "trixie")
    image = f"{REPOSITORY}/leaking:test"
    build_from(tmp_path / "Dockerfile", tmp_path, image, "trixie")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    assert found(Archive(save(image)), traces(mirrors.secrets(secrets, "trixie"))) != []


@pytest.mark.parametrize(("name", "origin"), [("runtime-node", "/"), ("chat-python", "/simple/")])
def test_a_build_behind_a_mirror_leaves_its_address_nowhere(name: str, origin: str, tmp_path: Path) -> None:
    source, image = IMAGES[name], f"{REPOSITORY}/{name}:mirrored"
    base.ensure(builder(), source.suite)
    with mirror_server.serving() as mirror:
        secrets = mirror.secrets(tmp_path, source.suite)
        builder().build(CHECKOUT / source.dockerfile, CHECKOUT / source.context, image, {}, secrets, fresh=True)
    assert mirror.asked >= {"/debian/", "/debian-security/", origin}
    assert mirror_server.ADDRESS in "".join(traces(secrets))
    assert found(Archive(save(image)), traces(secrets)) == []


def test_the_operator_explains_itself_to_an_unprivileged_user(container: Callable[[str], Container]) -> None:
    shown = container("socketio-operator").run("--help")
    assert shown.returncode == 0, shown.stderr
    assert "usage: socketio-operator" in shown.stdout


def test_the_container_of_these_tests_is_unprivileged_and_read_only(container: Callable[[str], Container]) -> None:
    program = "import os; print(os.getuid(), flush=True); open('/usr/written', 'w')"
    shown = container("socketio-operator").run("-c", program, entrypoint=("/usr/bin/python3.11",))
    assert shown.stdout == "65532\n"
    assert "Read-only file system" in shown.stderr


@pytest.mark.parametrize("name", ["chat", "chat-python"])
def test_a_chat_answers_a_handshake(name: str, container: Callable[[str], Container], tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"

    def greeting() -> str:
        url = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())

    with container(name).running(log, PORT=str(port)):
        packet = wait_for(greeting, 30, f"{name} to answer; its log is {log}", tolerate=(OSError,))
    assert packet.startswith("0")
    assert json.loads(packet[1:])["sid"]


@pytest.mark.parametrize(("name", "loader"), [("runtime-node", "preload.cjs"), ("runtime-python", "sitecustomize.py")])
def test_a_runtime_copies_itself_as_the_pods_init_container_does(
    name: str, loader: str, container: Callable[[str], Container], tmp_path: Path
) -> None:
    os.chown(tmp_path, USERS[name], USERS[name])
    done = container(name).run("-r", "/runtime/.", VOLUME, entrypoint=("/bin/cp",), volume=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / loader).exists()
    busybox = str(tmp_path / "bin/busybox")
    subprocess.run([busybox, "sh", "-n", str(tmp_path / "pre-stop.sh")], check=True)


def test_the_names_are_those_that_the_install_manifest_asks_for() -> None:
    manifest = (CHECKOUT / "manifests/install.yaml").read_text()
    for name in ("socketio-operator", "runtime-node", "runtime-python"):
        assert image_name(name).removeprefix("docker.io/") in manifest
