"""manifests/ by Kustomize: the base is the install manifest, and overlays reach every image."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.installation import INSTALL, NAME, NAMESPACE
from tests.operator_process import install_rights

pytestmark = pytest.mark.api

MANIFESTS = INSTALL.parent
BASE, NAMESPACED, SAMPLES = (MANIFESTS / name for name in ("base", "namespaced", "samples"))
OF_NO_NAMESPACE = {"Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
(DOCUMENTED,) = re.findall(r"```yaml\n(.*?)```", (MANIFESTS / "README.md").read_text(encoding="utf-8"), re.DOTALL)
TAKEN_AS_IT_IS = ("--server-side", "--force-conflicts", "--validate=strict", "--dry-run=server")


def built(kubectl: Kubectl, folder: Path) -> list[dict[str, Any]]:
    return list(yaml.load_all(kubectl("kustomize", str(folder)), Loader=yaml.CSafeLoader))


def overlay(folder: Path, resource: Path, kustomization: dict[str, Any]) -> Path:
    """A folder with a Kustomization over `resource`; Kustomize wants the way to it relative."""
    folder.mkdir(exist_ok=True)
    made = {**kustomization, "resources": [os.path.relpath(resource, folder.resolve())]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    return folder


def images(objects: list[dict[str, Any]]) -> dict[str, str]:
    """Of the operator's Deployment, by where they are."""
    (deployment,) = (one for one in objects if one["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    related = {one["name"]: one["value"] for one in container["env"] if one["name"].startswith("RELATED_IMAGE_")}
    return {"operator": container["image"], **related}


def test_the_base_is_the_install_manifest(kubectl: Kubectl) -> None:
    installed = list(yaml.load_all(INSTALL.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    for one in installed:
        if one["kind"] == "CustomResourceDefinition":
            # Helm's own, so that the CRD outlives a release.
            assert one["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert sorted(map(canonical, built(kubectl, BASE))) == sorted(map(canonical, installed))


def canonical(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, sort_keys=True)


def test_an_overlay_reaches_every_image(kubectl: Kubectl, tmp_path: Path) -> None:
    plain = images(built(kubectl, BASE))
    moved = images(built(kubectl, overlay(tmp_path, BASE, yaml.safe_load(DOCUMENTED))))
    assert moved == {where: f"registry.example/{image.rpartition('/')[2]}" for where, image in plain.items()}
    assert len(moved) == 8


def test_overlays_of_overlays_reach_them_too(kubectl: Kubectl, tmp_path: Path) -> None:
    digest = f"sha256:{'0123456789abcdef' * 4}"
    inner = overlay(tmp_path / "inner", NAMESPACED, {"namespace": "team-b"})
    outer = overlay(tmp_path / "outer", inner, {"images": [{"name": "redis", "digest": digest}]})
    assert images(built(kubectl, outer))["RELATED_IMAGE_REDIS"] == f"redis@{digest}"


def test_without_the_configuration_of_the_base_variables_stay(kubectl: Kubectl, tmp_path: Path) -> None:
    """The control: of itself Kustomize looks for images in containers alone."""
    plain = images(built(kubectl, BASE))
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "operator.yaml").write_bytes((BASE / "operator.yaml").read_bytes())
    bare = overlay(tmp_path / "bare", tmp_path / "bare" / "operator.yaml", yaml.safe_load(DOCUMENTED))
    moved = images(built(kubectl, bare))
    assert {where for where in plain if plain[where] != moved[where]} == {"operator"}


def test_the_namespaced_overlay_stays_in_its_namespace(kubectl: Kubectl, tmp_path: Path) -> None:
    made = built(kubectl, overlay(tmp_path, NAMESPACED, {"namespace": kubectl.namespace}))
    assert not {one["kind"] for one in made} & OF_NO_NAMESPACE
    assert {one["metadata"]["namespace"] for one in made} == {kubectl.namespace}
    kubectl("apply", "--server-side", "--validate=strict", "-k", str(tmp_path))
    account = f"--as=system:serviceaccount:{kubectl.namespace}:{NAME}"
    assert allowed(kubectl, account, kubectl.namespace)
    assert not allowed(kubectl, account, "default")


def allowed(kubectl: Kubectl, account: str, namespace: str) -> bool:
    """Whether an account may create Deployments."""
    try:
        return kubectl("auth", "can-i", "create", "deployments", account, namespace=namespace).strip() == "yes"
    except KubectlError:
        return False


@pytest.mark.parametrize("folder", [BASE, SAMPLES], ids=lambda folder: str(folder.name))
def test_the_api_server_takes_every_object(cluster: Cluster, kubectl: Kubectl, folder: Path) -> None:
    install_rights(cluster)
    where = Kubectl(cluster, NAMESPACE) if folder == BASE else kubectl
    taken = where("apply", *TAKEN_AS_IT_IS, "-k", str(folder)).splitlines()
    assert len(taken) == len(built(kubectl, folder))
