"""docs/on-your-cluster.md, word for word, on a kind cluster with images of this checkout."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.cluster import binaries, engine, kind, kind_image
from tests.cluster.binaries import KUBERNETES, ensure_tool
from tests.cluster.images import build_image
from tests.cluster.layout import CHECKOUT
from tests.helm.tool import helm_binary

PAGE = CHECKOUT / "docs/on-your-cluster.md"
REDIS = "docker.io/library/redis:7.4-alpine"
COMMAND_SECONDS = 900
# What a registry, and a machine with cgroup v2, would bring: the page's own command stays as it is.
KIND = """#!/bin/sh
set -eu
case "$1 $2" in
"create cluster") "{kind}" "$@" --image "{image}" --config "{config}"
    "{kind}" load image-archive --name sockets "{redis}"
    docker exec sockets-control-plane ctr --namespace=k8s.io images tag registry.local/redis:7 "{name}" ;;
*) exec "{kind}" "$@" ;;
esac
"""


def commands(text: str) -> list[str]:
    """The commands of a page's blocks of the console."""
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), "a line that no shell can run"
    return [line.removeprefix("$ ") for line in lines]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """A user's: Docker, kind, kubectl and Helm in PATH. The cluster is gone at the end, the engine if it is ours."""
    found = engine.answers()
    engine.ensure()
    programs = {
        "kubectl": binaries.ensure((KUBERNETES,)).kubernetes("kubectl"),
        "helm": helm_binary(4),
        "kind": _kind(tmp_path),
    }
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, program in programs.items():
        (folder / name).symlink_to(program)
    variables = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "KUBECONFIG": str(tmp_path / "kubeconfig")}
    try:
        yield variables
    finally:
        subprocess.run([folder / "kind", "delete", "cluster", "--name", "sockets"], env=variables, check=True)
        if not found:
            engine.end()


def _kind(folder: Path) -> Path:
    """kind, which takes from this machine what it would pull."""
    config, program = folder / "kind.yaml", folder / "kind"
    settings = {
        "kubeadmConfigPatches": [yaml.safe_dump(kind.KUBELET)],
        "networking": {"kubeProxyMode": kind.PROXY_MODE},
    }
    config.write_text(yaml.safe_dump({"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", **settings}))
    image, redis = kind_image.node_image(), build_image("redis")
    tool = ensure_tool(kind_image.KIND)
    program.write_text(KIND.format(kind=tool, image=image, config=config, redis=redis, name=REDIS))
    program.chmod(0o755)
    return program


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="kind's engine is started by root")
def test_the_page_leads_to_a_cluster_that_serves(environment: Mapping[str, str]) -> None:
    said = {}
    for command in commands(PAGE.read_text(encoding="utf-8")):
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    assert re.search(r"^Phase: +Succeeded$", said[_only(said, "helm test")], re.MULTILINE)
    assert re.search(r"^chat +True +\S+ +3 ", said[_only(said, "kubectl get sio")], re.MULTILINE)


def _only(said: Mapping[str, str], start: str) -> str:
    (command,) = (command for command in said if command.startswith(start))
    return command


def test_a_command_that_the_page_breaks_off_is_found() -> None:
    """Control of the page's reader."""
    assert commands("```console\n$ one\n```\n\n    ```console\n    $ two\n    ```\n```text\nthree\n```\n") == [
        "one",
        "two",
    ]
    with pytest.raises(AssertionError, match="no shell can run"):
        commands("```console\n$ one\nan answer\n```\n")
