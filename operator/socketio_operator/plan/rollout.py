"""Why pods restart. A changed pod template always has a reason, in words."""

from collections.abc import Mapping
from typing import Any

from socketio_operator.desired.kinds import WORKLOADS
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import (
    BROKER_HASH_ANNOTATION,
    CAUSE_ANNOTATION,
    CONFIG_HASH_ANNOTATION,
    OBJECTS_ANNOTATION,
)
from socketio_operator.desired.references import marked_objects
from socketio_operator.desired.server.runtime import asks_runtime
from socketio_operator.plan.held import annotated
from socketio_operator.plan.observed import Child

# Kubernetes limits all annotations of an object to 256 KiB in all.
CAUSE_LIMIT = 1024

_ANNOTATIONS = {
    BROKER_HASH_ANNOTATION: "credentials of the broker changed",
    CONFIG_HASH_ANNOTATION: "configuration changed",
}


def template_reason(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """Why pods of template `before` must be replaced by pods of `after`; None if they are equal."""
    if before == after:
        return None
    reasons = [
        *_annotation_reasons(_annotations(before), _annotations(after)),
        *_object_reasons(_annotations(before), _annotations(after)),
        *_container_reasons(_container(before), _container(after)),
        *_other_reasons(before, after),
    ]
    if not reasons:
        reasons = _hash_reasons(_annotations(before), _annotations(after))
    return "; ".join(reasons) or "pod template changed"


def _annotations(template: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations: Mapping[str, Any] = template.get("metadata", {}).get("annotations", {})
    return annotations


def _container(template: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = template.get("spec", {}).get("containers", ())
    return containers[0] if containers else {}


def _annotation_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = sorted({*before, *after} - {OBJECTS_ANNOTATION})
    changed = [name for name in names if before.get(name) != after.get(name)]
    # A hash that comes or goes does so with the broker, which the environment tells.
    return [
        _ANNOTATIONS.get(name, f"annotation {name} changed")
        for name in changed
        if name not in _ANNOTATIONS or (name in before and name in after)
    ]


def _object_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Of the user's objects whose change replaces pods. One that is no longer among them replaces none."""
    old, new = (marked_objects(notes.get(OBJECTS_ANNOTATION, "")) for notes in (before, after))
    return [
        f"{name} changed" if name in old else f"restartOnChange names {name}"
        for name, value in new.items()
        if old.get(name) != value
    ]


def _hash_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Where nothing else tells why a hash has come."""
    return [reason for name, reason in _ANNOTATIONS.items() if before.get(name) != after.get(name)]


def _container_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    reasons = []
    if before.get("image") != after.get("image"):
        reasons.append(f"image {before.get('image')} -> {after.get('image')}")
    old, new = ({item["name"]: item for item in part.get("env", ())} for part in (before, after))
    if names := [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]:
        reasons.append("environment " + ", ".join(names))
    others = sorted({*before, *after} - {"image", "env"})
    changed = [name for name in others if before.get(name) != after.get(name)]
    if asks_runtime(before) and not asks_runtime(after):
        reasons.append("no runtime answers in the pods, so the app's own port is asked")
        changed = [name for name in changed if name not in ("readinessProbe", "livenessProbe")]
    return reasons + [f"{name} changed" for name in changed]


def _other_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    old, new = before.get("spec", {}), after.get("spec", {})
    names = sorted(name for name in {*old, *new} - {"containers"} if old.get(name) != new.get(name))
    reasons = [*_sidecar_reasons(old, new), *(f"pod {name} changed" for name in names)]
    if before.get("metadata", {}).get("labels") != after.get("metadata", {}).get("labels"):
        reasons.append("pod labels changed")
    return reasons


def _sidecar_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Of the containers beside the main one, which is the first."""
    old, new = ({item["name"]: item for item in pod.get("containers", ())[1:]} for pod in (before, after))
    return [f"container {name} changed" for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def with_cause(wanted: Manifest, child: Child) -> tuple[Manifest, str | None]:
    """`wanted` with the reason of its rollout as annotation, and that reason if a rollout starts now.

    Without a rollout the annotation stays as it is, so that it tells about the pods that run.
    """
    applied = child.applied
    if wanted["kind"] not in WORKLOADS or applied is None:
        return wanted, None
    reason = template_reason(applied.get("spec", {}).get("template", {}), wanted["spec"]["template"])
    cause = reason or applied["metadata"].get("annotations", {}).get(CAUSE_ANNOTATION)
    return (annotated(wanted, CAUSE_ANNOTATION, cause[:CAUSE_LIMIT]) if cause else wanted), reason


def change_reason(before: Manifest, after: Manifest) -> str:
    """What an apply changes beside the pod template, in words: a number of pods, or the parts that differ."""
    old, new = before.get("spec", {}).get("replicas"), after.get("spec", {}).get("replicas")
    if old is not None and new is not None and old != new:
        return f"replicas {old} -> {new}"
    parts = [
        f"{group}.{name}"
        for group in sorted({*before, *after})
        for name in _differing(before.get(group), after.get(group))
    ]
    return f"{', '.join(parts)} differed" if parts else "its fields were not ours"


def _differing(before: Any, after: Any) -> list[str]:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return [] if before == after else ["all"]
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
