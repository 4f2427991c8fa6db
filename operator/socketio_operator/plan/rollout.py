"""Why pods restart. A changed pod template always has a reason, in words."""

from collections.abc import Mapping
from typing import Any

from socketio_operator.desired.kinds import WORKLOADS
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import (
    BROKER_HASH_ANNOTATION,
    CAUSE_ANNOTATION,
    CONFIG_HASH_ANNOTATION,
)
from socketio_operator.plan.observed import Live, workload_settled
from socketio_operator.plan.ownership import owned_fields

_ANNOTATIONS = {
    BROKER_HASH_ANNOTATION: "credentials of the broker changed",
    CONFIG_HASH_ANNOTATION: "redis.conf changed",
}


def template_reason(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """Why pods of template `before` must be replaced by pods of `after`; None if they are equal."""
    if before == after:
        return None
    reasons = [
        *_annotation_reasons(_annotations(before), _annotations(after)),
        *_container_reasons(_container(before), _container(after)),
        *_other_reasons(before, after),
    ]
    return "; ".join(reasons) or "pod template changed"


def _annotations(template: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations: Mapping[str, Any] = template.get("metadata", {}).get("annotations", {})
    return annotations


def _container(template: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = template.get("spec", {}).get("containers", ())
    return containers[0] if containers else {}


def _annotation_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    # A hash that comes or goes does so with the broker, which the environment tells.
    return [
        _ANNOTATIONS.get(name, f"annotation {name} changed")
        for name in changed
        if name not in _ANNOTATIONS or (name in before and name in after)
    ]


def _container_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    reasons = []
    if before.get("image") != after.get("image"):
        reasons.append(f"image {before.get('image')} -> {after.get('image')}")
    old, new = ({item["name"]: item for item in part.get("env", ())} for part in (before, after))
    if names := [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]:
        reasons.append("environment " + ", ".join(names))
    others = sorted({*before, *after} - {"image", "env"})
    return reasons + [f"{name} changed" for name in others if before.get(name) != after.get(name)]


def _other_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    old, new = before.get("spec", {}), after.get("spec", {})
    names = sorted(name for name in {*old, *new} - {"containers"} if old.get(name) != new.get(name))
    reasons = [f"pod {name} changed" for name in names]
    if before.get("metadata", {}).get("labels") != after.get("metadata", {}).get("labels"):
        reasons.append("pod labels changed")
    return reasons


def held_images(wanted: Manifest, live: Live | None, defaults: frozenset[str]) -> Manifest:
    """Keeps the images of running pods where only defaults of the operator changed: that alone restarts nothing.

    `defaults` names the containers whose image the user did not choose. The new default is taken with the next
    restart that has a reason of its own, or at once while the pods are not ready (the old image may be what is
    wrong).
    """
    owned = owned_fields(live) if live else None
    if not defaults or owned is None or not workload_settled(live):
        return wanted
    template = owned["spec"]["template"]
    running = {part["name"]: part["image"] for part in _containers(template) if part["name"] in defaults}
    held = _with_images(wanted, running)
    return held if held["spec"]["template"] == template else wanted


def _containers(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    pod = template.get("spec", {})
    return [*pod.get("initContainers", ()), *pod.get("containers", ())]


def _with_images(manifest: Manifest, images: Mapping[str, str]) -> Manifest:
    template = manifest["spec"]["template"]
    groups = {
        group: [{**part, "image": images.get(part["name"], part["image"])} for part in template["spec"][group]]
        for group in ("initContainers", "containers")
        if group in template["spec"]
    }
    pod = {**template["spec"], **groups}
    return {**manifest, "spec": {**manifest["spec"], "template": {**template, "spec": pod}}}


def with_cause(wanted: Manifest, live: Live | None) -> tuple[Manifest, str | None]:
    """`wanted` with the reason of its rollout as annotation, and that reason if a rollout starts now.

    Without a rollout the annotation stays as it is, so that it tells about the pods that run.
    """
    if wanted["kind"] not in WORKLOADS:
        return wanted, None
    owned = owned_fields(live) if live else None
    if owned is None:
        return wanted, None
    reason = template_reason(owned.get("spec", {}).get("template", {}), wanted["spec"]["template"])
    cause = reason or owned["metadata"].get("annotations", {}).get(CAUSE_ANNOTATION)
    return (_annotated(wanted, cause) if cause else wanted), reason


def _annotated(manifest: Manifest, cause: str) -> Manifest:
    meta = manifest["metadata"]
    annotations = {**meta.get("annotations", {}), CAUSE_ANNOTATION: cause[:1024]}
    return {**manifest, "metadata": {**meta, "annotations": annotations}}
