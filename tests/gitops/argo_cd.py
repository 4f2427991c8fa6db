"""Argo CD whole, as processes of this machine: repository server, controllers, API server and Redis."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests import crds
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.layout import LOGS
from tests.gitops.programs import argo_cd_programs, argo_cd_source
from tests.helm.tool import helm_binary
from tests.reading.readers import ARGO_CD
from tests.traffic.chat_servers import running_redis
from tests.traffic.ports import free_port
from tests.traffic.processes import is_well, running

NAMESPACE = "argocd"
# How often Argo CD compares git and cluster; by default 120 s.
COMPARISON_SECONDS = 10
PATCH = ARGO_CD / "argocd-cm.yaml"


class ArgoCDError(RuntimeError):
    """The command line of Argo CD failed; the text is what it said."""


@dataclass(frozen=True)
class ArgoCD:
    """A running Argo CD; call it with the arguments of `argocd`. `server` and `repo`: where its servers listen."""

    kubectl: Kubectl
    programs: Path
    server: str
    repo: str
    environment: Mapping[str, str]

    def __call__(self, *arguments: str, timeout: float = 60) -> str:
        """Standard output of `argocd`; `timeout` in seconds. Raises ArgoCDError with what it said."""
        command = [str(self.programs / "argocd"), *arguments, f"--server={self.server}", "--plaintext"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=dict(self.environment), timeout=timeout
        )
        if done.returncode:
            raise ArgoCDError(f"`argocd {' '.join(arguments)}` failed: {done.stderr.strip()}")
        return done.stdout

    def application(self, name: str) -> dict[str, Any]:
        """The Application as the API server has it."""
        found: dict[str, Any] = self.kubectl.json("get", "application", name)
        return found

    def health(self, name: str, kind: str) -> tuple[str, str]:
        """Status and message of the only resource of `kind` in the application, as Argo CD's page shows them."""
        shown = json.loads(self("app", "get", name, "--output=json"))["status"]["resources"]
        (found,) = (resource for resource in shown if resource["kind"] == kind)
        health = found.get("health", {})
        return health.get("status", ""), health.get("message", "")

    @contextmanager
    def applicationset_controller(self) -> Iterator[None]:
        """It runs for as long as the block does."""
        metrics, probe, webhook = (f"127.0.0.1:{free_port()}" for _ in range(3))
        options = (f"--namespace={NAMESPACE}", f"--argocd-repo-server={self.repo}", f"--webhook-addr={webhook}")
        addresses = (f"--metrics-addr={metrics}", f"--probe-addr={probe}")
        # It answers no question about its health.
        with self.process("argocd-applicationset-controller", f"{metrics}/metrics", *options, *addresses):
            yield

    @contextmanager
    def process(self, name: str, health: str, *arguments: str) -> Iterator[None]:
        """One of Argo CD's servers for as long as the block runs; entered when http://`health` answers."""
        command = [str(self.programs / name), *arguments]
        is_ready = partial(is_well, f"http://{health}", 5)
        with running(name, command, LOGS / f"{name}.log", is_ready, self.environment):
            yield


@contextmanager
def argo_cd(cluster: Cluster, folder: Path) -> Iterator[ArgoCD]:
    """Argo CD against the cluster for as long as the block runs; `folder` is for its files."""
    repo, server = free_port(), free_port()
    found = ArgoCD(
        kubectl=Kubectl(cluster, NAMESPACE),
        programs=argo_cd_programs(),
        server=f"127.0.0.1:{server}",
        repo=f"127.0.0.1:{repo}",
        environment=_environment(cluster, folder),
    )
    _install(found.kubectl)
    here = "--address=127.0.0.1"
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis(LOGS / "argocd-redis.log"))
        to_redis = f"--redis={redis.removeprefix('redis://')}"
        common = (f"--namespace={NAMESPACE}", to_redis, f"--repo-server={found.repo}")
        health = free_port()
        options = [to_redis, here, f"--port={repo}", "--metrics-address=127.0.0.1", f"--metrics-port={health}"]
        stack.enter_context(found.process("argocd-repo-server", _health_at(health), *options))
        health = free_port()
        options = [*common, f"--metrics-port={health}"]
        stack.enter_context(found.process("argocd-application-controller", _health_at(health), *options))
        options = [*common, here, f"--port={server}", f"--metrics-port={free_port()}", "--insecure", "--disable-auth"]
        stack.enter_context(found.process("argocd-server", _health_at(server), *options))
        yield found


def _health_at(port: int) -> str:
    return f"127.0.0.1:{port}/healthz"


def _environment(cluster: Cluster, folder: Path) -> dict[str, str]:
    """What the programs find in their images: tools, and folders that a kubelet would mount."""
    tools = folder / "tools"
    tools.mkdir()
    # Called for each commit, whether or not signatures are asked for.
    wrapper = shutil.copy(argo_cd_source() / "hack" / "git-verify-wrapper.sh", tools)
    Path(wrapper).chmod(0o755)
    (tools / "helm").symlink_to(helm_binary(4))
    variables = ("ARGOCD_TLS_DATA_PATH", "ARGOCD_SSH_DATA_PATH", "ARGOCD_GNUPGHOME", "ARGOCD_GPG_DATA_PATH", "TMPDIR")
    folders = {variable: folder / variable.lower() for variable in variables}
    for path in folders.values():
        path.mkdir(mode=0o700)
    return {
        **os.environ,
        **{variable: str(path) for variable, path in folders.items()},
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(folder),
        "KUBECONFIG": str(cluster.kubeconfig),
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_RECONCILIATION_TIMEOUT": f"{COMPARISON_SECONDS}s",
        "ARGOCD_RECONCILIATION_JITTER": "0s",
        # The controller takes its share of the clusters from the number at the end.
        "HOSTNAME": "argocd-application-controller-0",
    }


def _install(kubectl: Kubectl) -> None:
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    files = sorted((argo_cd_source() / "manifests" / "crds").glob("*-crd.yaml"))
    crds.serve(kubectl, *(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for file in files))
    names = ("argocd-cm", "argocd-rbac-cm", "argocd-gpg-keys-cm", "argocd-cmd-params-cm", "argocd-ssh-known-hosts-cm")
    kubectl.apply(
        *(_part_of(name, "ConfigMap") for name in (*names, "argocd-tls-certs-cm")),
        _part_of("argocd-secret", "Secret") | {"stringData": {"server.secretkey": "of this test alone"}},
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "default"},
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"namespace": "*", "server": "*"}],
                "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
            },
        },
    )
    kubectl("patch", "configmap", "argocd-cm", f"--patch-file={PATCH}")


def _part_of(name: str, kind: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": kind,
        # Without this label Argo CD does not find it.
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "argocd"}},
    }
