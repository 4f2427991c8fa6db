"""The images of the tests and the demo, each by its short name. To add one: a function and a line in IMAGES."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.cluster import packages
from tests.cluster.errors import ClusterError
from tests.cluster.images import proxies
from tests.cluster.images.accounts import accounts
from tests.cluster.images.archive import Image
from tests.cluster.images.compiled import pause_program
from tests.cluster.images.debian import debian_root
from tests.cluster.images.entries import Directory, File, Folder, Program, Text
from tests.cluster.images.envoy import envoy, envoy_gateway
from tests.cluster.images.layers import Files, Prepared
from tests.cluster.images.operator_image import operator
from tests.cluster.images.python_packages import PYTHON_SITE, python_packages
from tests.cluster.layout import CHECKOUT
from tests.cluster.progress import step

APP_USER = 1000
CHAT = CHECKOUT / "examples/chat"
OWN_ADAPTER = CHECKOUT / "tests/apps/own-adapter"
ROOMS = CHECKOUT / "tests/apps/rooms"
CHAT_PYTHON = CHECKOUT / "examples/chat-python"
RUNTIME_NODE = CHECKOUT / "runtime/node"
RUNTIME_PYTHON = CHECKOUT / "runtime/python"
PRE_STOP = CHECKOUT / "runtime/pre-stop.sh"

NGINX_CONFIG = """pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events {}
http {
    access_log /dev/stdout;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server {
        listen 8080;
        location / { return 200 "nginx\\n"; }
    }
}
"""


def pause() -> Image:
    """The pod sandbox, and the smallest container that runs."""
    layer = Files((File(pause_program(), "/pause", mode=0o755),))
    return Image("registry.local/pause:1", (layer,), ("/pause",), APP_USER)


def redis() -> Image:
    """Debian's redis-server and redis-cli."""
    # The server is the same program under another name; the package redis-server would start one on the host.
    packages.ensure(("redis-tools",))
    programs = (Program("/usr/bin/redis-check-rdb", "/usr/bin/redis-server"), Program("/usr/bin/redis-cli"))
    data = Directory("/data", owner=APP_USER)
    layer = Files((*accounts("redis", APP_USER), *programs, data))
    return Image("registry.local/redis:7", (layer,), ("redis-server",), APP_USER, workdir="/data")


def chat() -> Image:
    """examples/chat as its Dockerfile builds it, on this machine's Node."""
    return _node_image("registry.local/chat:1", CHAT)


def rooms() -> Image:
    """An ordinary server with rooms, for the tests of continuity."""
    return _node_image("registry.local/rooms:1", ROOMS)


def rooms_bundled() -> Image:
    """The same server as one file, Socket.IO included and minified: nothing else of it is in the image."""
    node = _node()
    inputs = " ".join(_digest(ROOMS / name) for name in ("package.json", "package-lock.json", "server.js"))
    layers = (Files((*accounts("app", APP_USER), Program(node))), Prepared(f"bundle {inputs}", _bundle_rooms, "/app"))
    return Image("registry.local/rooms-bundled:1", layers, (node, "server.js"), APP_USER, workdir="/app")


def chat_python() -> Image:
    """examples/chat-python as its Dockerfile builds it, on Debian's Python."""
    python = debian_root("python3.11-minimal", "libpython3.11-stdlib")
    app = Folder(CHAT_PYTHON, "/app/chat-python", exclude=frozenset({"__pycache__", "Dockerfile"}))
    page = Folder(CHAT / "public", "/app/chat/public")
    layers = (
        python,
        python_packages(CHAT_PYTHON / "requirements.lock", PYTHON_SITE),
        Files((*accounts("app", APP_USER), app, page)),
    )
    environment = ("PYTHONUNBUFFERED=1",)
    command = ("/usr/bin/python3.11", "server.py")
    return Image("registry.local/chat-python:1", layers, command, APP_USER, environment, "/app/chat-python")


def chat_own_adapter() -> Image:
    """The chat with an adapter that the app sets up itself."""
    image = chat()
    layers = (*image.layers, *_app(OWN_ADAPTER, "/own"))
    return replace(image, name="registry.local/chat-own-adapter:1", layers=layers, workdir="/own")


def runtime_node() -> Image:
    """The runtime for Node.js and the `cp` that brings it into a pod."""
    left_out = frozenset({"node_modules", "test", "bench", "Dockerfile", ".npmrc"})
    runtime = Files((Folder(RUNTIME_NODE, "/runtime", exclude=left_out),))
    layers = (_runtime_tools(), _modules(RUNTIME_NODE, "/runtime/node_modules"), runtime)
    return Image("registry.local/runtime-node:1", layers, ("/bin/cp",), APP_USER)


def runtime_python() -> Image:
    """The runtime for Python, with the packages that it brings along."""
    left_out = frozenset({"__pycache__", ".ruff_cache", "build", "tests", "vendor", "Dockerfile"})
    runtime = Files((Folder(RUNTIME_PYTHON, "/runtime", exclude=left_out),))
    vendored = python_packages(RUNTIME_PYTHON / "requirements.lock", "/runtime/socketio_runtime/vendor")
    return Image("registry.local/runtime-python:1", (_runtime_tools(), vendored, runtime), ("/bin/cp",), APP_USER)


def _runtime_tools() -> Files:
    """What both runtimes have: `cp`, and the hook of a pod's end with the busybox that runs it."""
    packages.ensure(("busybox-static",))
    # busybox is the program that it is called by.
    programs = (File(Path("/bin/busybox"), path, mode=0o755) for path in ("/bin/cp", "/runtime/bin/busybox"))
    return Files((*accounts("runtime", APP_USER), *programs, File(PRE_STOP, "/runtime/pre-stop.sh")))


def nginx() -> Image:
    """Debian's nginx, on port 8080, with its configuration in /etc/nginx/nginx.conf."""
    configuration = Files((*accounts("nginx", APP_USER), Text("/etc/nginx/nginx.conf", NGINX_CONFIG)))
    layers = (debian_root("nginx-light"), configuration)
    return Image("registry.local/nginx:1", layers, ("/usr/sbin/nginx", "-g", "daemon off;"), APP_USER)


IMAGES: dict[str, Callable[[], Image]] = {
    "pause": pause,
    "redis": redis,
    "chat": chat,
    "chat-own-adapter": chat_own_adapter,
    "chat-python": chat_python,
    "rooms": rooms,
    "rooms-bundled": rooms_bundled,
    "nginx": nginx,
    **{f"proxy-{program}": make for program, make in proxies.PROXIES.items()},
    "envoy": envoy,
    "envoy-gateway": envoy_gateway,
    "runtime-node": runtime_node,
    "runtime-python": runtime_python,
    "socketio-operator": operator,
}


def _node_image(name: str, source: Path) -> Image:
    node = _node()
    layers = (Files((*accounts("app", APP_USER), Program(node))), *_app(source, "/app"))
    return Image(name, layers, (node, "server.js"), APP_USER, ("NODE_ENV=production",), "/app")


def _node() -> str:
    node = shutil.which("node")
    if not node:
        raise ClusterError("there is no `node` in PATH; images of apps are made from this machine's Node 20")
    return node


def _app(source: Path, target: str) -> tuple[Prepared, Files]:
    """The app in `source` and its modules, at `target` of the image."""
    files = Folder(source, target, exclude=frozenset({"node_modules", "Dockerfile"}))
    return _modules(source, f"{target}/node_modules"), Files((files,))


def _modules(source: Path, target: str) -> Prepared:
    """The locked modules of the npm package in `source`, at `target` of the image."""
    recipe = f"node modules {_digest(source / 'package-lock.json')}"
    return Prepared(recipe, partial(_npm_ci, source), target)


def _digest(path: Path) -> str:
    if not path.exists():
        raise ClusterError(f"the image needs {path}, which does not exist")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _npm_ci(source: Path, folder: Path) -> None:
    """Fill `folder` with the locked modules of the npm package in `source`."""
    with _installed(source, folder, "--omit=dev") as work:
        folder.rmdir()
        (work / "node_modules").rename(folder)


def _bundle_rooms(folder: Path) -> None:
    """Fill `folder` with what the package's `npm run bundle` makes."""
    with _installed(ROOMS, folder) as work:
        shutil.copy(ROOMS / "server.js", work)
        _npm(work, "run", "bundle")
        shutil.copy(work / "dist" / "server.js", folder)


@contextmanager
def _installed(source: Path, folder: Path, *options: str) -> Iterator[Path]:
    """A place beside `folder` with the locked modules of the npm package in `source`, for as long as the block runs."""
    work = folder.with_name(f"{folder.name}.npm")
    work.mkdir()
    try:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            if (source / name).exists():
                shutil.copy(source / name, work)
        with step(f"the modules of {source.relative_to(CHECKOUT)}"):
            _npm(work, "ci", *options, "--no-audit", "--no-fund", "--ignore-scripts")
        yield work
    finally:
        shutil.rmtree(work)


def _npm(work: Path, *arguments: str) -> None:
    done = subprocess.run(["npm", *arguments], cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"`npm {' '.join(arguments)}` failed:\n{done.stderr.strip()}")
