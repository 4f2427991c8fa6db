"""Flux's source-controller and kustomize-controller, as processes of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import yaml

from tests import crds
from tests.cluster.binaries import Module, ensure
from tests.cluster.building import module_source
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.layout import LOGS
from tests.traffic.ports import free_port
from tests.traffic.processes import is_well, running

NAMESPACE = "flux-system"
MODULES = Path(__file__).parent / "modules"
SOURCE = Module("source-controller", 300, beside=MODULES, package="github.com/fluxcd/source-controller")
KUSTOMIZE = Module("kustomize-controller", 60, beside=MODULES, package="github.com/fluxcd/kustomize-controller")
CONTROLLERS = (SOURCE, KUSTOMIZE)


def install(kubectl: Kubectl) -> None:
    """Both controllers' CRDs, in the versions that are built."""
    folders = [module_source(module.package, module.source) / "config" / "crd" / "bases" for module in CONTROLLERS]
    files = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    crds.serve(kubectl, *(yaml.safe_load(path.read_text(encoding="utf-8")) for path in files))


@contextmanager
def flux(cluster: Cluster, folder: Path) -> Iterator[Kubectl]:
    """Both for as long as the block runs; `folder` is for their files. kubectl, in the namespace of Flux."""
    kubectl = Kubectl(cluster, NAMESPACE)
    install(kubectl)
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    programs = ensure(CONTROLLERS).folders
    environment = {"KUBECONFIG": str(cluster.kubeconfig), "RUNTIME_NAMESPACE": NAMESPACE, "TMPDIR": str(folder)}
    storage = f"127.0.0.1:{free_port()}"
    options = (f"--storage-path={folder}", f"--storage-addr={storage}", f"--storage-adv-addr={storage}")
    with _running(SOURCE, programs, environment, *options), _running(KUSTOMIZE, programs, environment):
        yield kubectl


@contextmanager
def _running(module: Module, programs: dict[str, Path], environment: dict[str, str], *options: str) -> Iterator[None]:
    health, metrics = (f"127.0.0.1:{free_port()}" for _ in range(2))
    addresses = (f"--health-addr={health}", f"--metrics-addr={metrics}", "--events-addr=")
    command = (str(programs[module.name] / module.name), *addresses, "--enable-leader-election=false", *options)
    is_ready = partial(is_well, f"http://{health}/readyz")
    with running(module.name, command, LOGS / f"{module.name}.log", is_ready, environment):
        yield
