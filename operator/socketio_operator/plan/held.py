"""What of a child stays as it is although a fresh one would be made otherwise: values that cannot change, and values
whose change alone is no reason to restart pods."""

from collections.abc import Mapping
from typing import Any

from socketio_operator.desired.component import Defaults
from socketio_operator.desired.kinds import WORKLOADS
from socketio_operator.desired.manifest import Manifest, canonical
from socketio_operator.desired.metadata import BROKER_HASH_ANNOTATION, CREDENTIALS_ANNOTATION, OBJECTS_ANNOTATION
from socketio_operator.desired.references import marked_objects
from socketio_operator.plan.observed import Child


def held(wanted: Manifest, child: Child, defaults: Defaults, failing: frozenset[str]) -> Manifest:
    """`wanted` with what is held of the live child.

    `failing`: containers that cannot run, for which an image of earlier times is not held: it may be what is wrong.
    """
    applied = child.applied
    if applied is None:
        return wanted
    if wanted["kind"] == "PersistentVolumeClaim":
        return _held_class(wanted, applied)
    if wanted["kind"] == "Service":
        return _held_cluster_ip(wanted, applied)
    if wanted["kind"] in WORKLOADS:
        kept = _held_objects(_held_defaults(wanted, applied, defaults, failing), applied)
        return _held_credentials(kept, applied, child)
    return wanted


def has_template(child: Child, wanted: Manifest) -> bool:
    """Whether the pods of the live workload are made as `wanted` says."""
    live: Any = (child.applied or {}).get("spec", {}).get("template")
    return bool(live == wanted["spec"]["template"])


def held_template(wanted: Manifest, child: Child) -> Manifest:
    """`wanted` with the pod template that runs."""
    template = (child.applied or {}).get("spec", {}).get("template")
    return wanted if template is None else {**wanted, "spec": {**wanted["spec"], "template": template}}


def _held_class(wanted: Manifest, applied: Manifest) -> Manifest:
    """A claim without a StorageClass keeps the one that it has: taking it away would be a change."""
    given = applied.get("spec", {}).get("storageClassName")
    if not given or wanted["spec"].get("storageClassName"):
        return wanted
    return {**wanted, "spec": {**wanted["spec"], "storageClassName": given}}


def _held_cluster_ip(wanted: Manifest, applied: Manifest) -> Manifest:
    """A Service that was made with an address of its own cannot become headless."""
    if wanted["spec"].get("clusterIP") != "None" or applied.get("spec", {}).get("clusterIP") == "None":
        return wanted
    held_fields = ("clusterIP", "publishNotReadyAddresses")
    return {**wanted, "spec": {name: value for name, value in wanted["spec"].items() if name not in held_fields}}


def _held_defaults(wanted: Manifest, applied: Manifest, defaults: Defaults, failing: frozenset[str]) -> Manifest:
    """Images and variables that run, where only defaults of the operator changed: that alone restarts nothing.

    A new default is taken with the next restart that has a reason of its own.
    """
    template = applied.get("spec", {}).get("template", {})
    running = {part["name"]: part for part in _containers(template)}
    pod = wanted["spec"]["template"]["spec"]
    groups = {
        group: [_held_container(part, running.get(part["name"], part), defaults, failing) for part in pod[group]]
        for group in ("initContainers", "containers")
        if group in pod
    }
    kept = _with_pod(wanted, {**pod, **groups})
    return kept if kept["spec"]["template"] == template else wanted


def _held_container(
    part: dict[str, Any], running: Mapping[str, Any], defaults: Defaults, failing: frozenset[str]
) -> dict[str, Any]:
    held_image = part["name"] in defaults.images - failing
    given = {item["name"] for item in running.get("env", ())}
    env = [item for item in part.get("env", ()) if item["name"] in given or item["name"] not in defaults.variables]
    kept: dict[str, Any] = canonical({**part, "env": env, "image": (running if held_image else part)["image"]})
    return kept


def _containers(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    pod = template.get("spec", {})
    return [*pod.get("initContainers", ()), *pod.get("containers", ())]


def _with_pod(manifest: Manifest, pod: dict[str, Any]) -> Manifest:
    template = manifest["spec"]["template"]
    return {**manifest, "spec": {**manifest["spec"], "template": {**template, "spec": pod}}}


def _held_objects(wanted: Manifest, applied: Manifest) -> Manifest:
    """The marks of objects whose change replaces pods, where some are no longer among them: that replaces none."""
    template = applied.get("spec", {}).get("template", {})
    mark = _notes(template).get(OBJECTS_ANNOTATION, "")
    before = marked_objects(mark)
    now = marked_objects(_notes(wanted["spec"]["template"]).get(OBJECTS_ANNOTATION, ""))
    if not before or not now.items() <= before.items():
        return wanted
    kept = _with_template_note(wanted, OBJECTS_ANNOTATION, mark)
    return kept if kept["spec"]["template"] == template else wanted


def _held_credentials(wanted: Manifest, applied: Manifest, child: Child) -> Manifest:
    """The mark of the credentials that the pods were started with, until a restart gives them the present ones."""
    before = applied.get("metadata", {}).get("annotations", {}).get(CREDENTIALS_ANNOTATION, "")
    now = wanted["metadata"].get("annotations", {}).get(CREDENTIALS_ANNOTATION, "")
    restarted = child.progress.restarted if child.progress else ""
    template = applied.get("spec", {}).get("template", {})
    if before and before.partition(" ")[0] == now:
        # The pods have them already, however the template says so.
        wanted = _with_template_note(wanted, BROKER_HASH_ANNOTATION, _notes(template).get(BROKER_HASH_ANNOTATION))
    same_pods = wanted["spec"]["template"] == template
    if before and ((same_pods and before.partition(" ")[2] == restarted) or not now):
        mark = before
    else:
        mark = f"{now} {restarted}".strip() if now else ""
    return annotated(wanted, CREDENTIALS_ANNOTATION, mark) if mark else wanted


def _notes(template: Mapping[str, Any]) -> Mapping[str, str]:
    notes: Mapping[str, str] = template.get("metadata", {}).get("annotations", {})
    return notes


def _with_template_note(manifest: Manifest, name: str, value: str | None) -> Manifest:
    template = manifest["spec"]["template"]
    notes = {**_notes(template), name: value}
    meta = canonical({**template["metadata"], "annotations": canonical(notes) or None})
    return {**manifest, "spec": {**manifest["spec"], "template": {**template, "metadata": meta}}}


def annotated(manifest: Manifest, name: str, value: str) -> Manifest:
    """`manifest` with one more annotation."""
    meta = manifest["metadata"]
    return {**manifest, "metadata": {**meta, "annotations": {**meta.get("annotations", {}), name: value}}}
