"""The CustomResourceDefinition, generated from the models.

Pydantic writes JSON Schema; Kubernetes wants a structural OpenAPI v3 schema. The rewrite inlines
references, turns `anyOf [T, null]` into an optional T and drops what the API server would refuse.
"""

from collections.abc import Mapping
from typing import Any

from socketio_operator.api.base import RULES, Model, rule
from socketio_operator.api.resource import ClusterSpec
from socketio_operator.api.status import ClusterStatus

GROUP = "socketio-operator.dev"
VERSION = "v1alpha1"
KIND = "SocketIOCluster"
PLURAL = "socketioclusters"

NAME_RULE = rule(
    "self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')",
    "metadata.name must begin with a letter, hold only lower-case letters, digits and -, and be at most 40 "
    "characters long: Services, labels and child objects are named after it.",
)

INT_OR_STRING = "x-kubernetes-int-or-string"

_DROPPED = ("title", "$defs", "discriminator", "additionalProperties")

Schema = dict[str, Any]


def _merged(target: Schema, outer: Schema) -> Schema:
    """`target` with `outer`'s keywords on top; the rules of both hold."""
    rules = [*target.get(RULES, []), *outer.get(RULES, [])]
    return {**target, **outer, **({RULES: rules} if rules else {})}


def _inline(node: Any, defs: dict[str, Schema]) -> Any:
    if isinstance(node, list):
        return [_inline(item, defs) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = defs[node["$ref"].rsplit("/", 1)[1]]
        return _inline(_merged(target, {key: value for key, value in node.items() if key != "$ref"}), defs)
    return {key: _inline(value, defs) for key, value in node.items() if key != "$defs"}


def _without_null(node: Schema) -> Schema:
    """`anyOf [T, null]` -> T; `anyOf [integer, string]` -> int-or-string; any other union is refused."""
    options = [option for option in node["anyOf"] if option.get("type") != "null"]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    if len(options) == 1:
        return _merged(options[0], rest)
    if sorted(option["type"] for option in options) == ["integer", "string"]:
        return {
            **rest,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            INT_OR_STRING: True,
        }
    raise TypeError(f"no structural schema for the union {options}")


def _structural(node: Schema) -> Schema:
    while "anyOf" in node and not node.get(INT_OR_STRING):
        node = _without_null(node)
    if INT_OR_STRING in node:
        return {key: value for key, value in node.items() if key not in _DROPPED and key != "default"}
    result = {key: value for key, value in node.items() if key not in _DROPPED}
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if result.get("default", ...) in (None, []):
        result.pop("default")
    if "properties" in result:
        result["properties"] = {name: _structural(child) for name, child in result["properties"].items()}
    elif isinstance(node.get("additionalProperties"), dict):
        result["additionalProperties"] = _structural(node["additionalProperties"])
    elif result.get("type") == "object":
        result["x-kubernetes-preserve-unknown-fields"] = True
    if "items" in result:
        result["items"] = _structural(result["items"])
    return result


def with_defaults(value: Any, schema: Schema) -> Any:
    """`value` with the schema's defaults filled in, as the API server does on every read."""
    if isinstance(value, Mapping) and "properties" in schema:
        filled = dict(value)
        for name, child in schema["properties"].items():
            if name not in filled and "default" in child:
                filled[name] = child["default"]
            if name in filled:
                filled[name] = with_defaults(filled[name], child)
        return filled
    if isinstance(value, list) and "items" in schema:
        return [with_defaults(item, schema["items"]) for item in value]
    return value


def _settle_defaults(node: Schema) -> Schema:
    """Object defaults are made of the defaults of their fields, without nulls, in full: the API server checks
    a default against the object's rules before it fills anything in."""
    if "properties" in node:
        node = {
            **node,
            "properties": {name: _settle_defaults(child) for name, child in node["properties"].items()},
        }
        if isinstance(node.get("default"), dict):
            node = {**node, "default": with_defaults({}, node)}
    elif node.get("default") == {}:
        node = {key: value for key, value in node.items() if key != "default"}
    if "items" in node:
        node = {**node, "items": _settle_defaults(node["items"])}
    return node


def schema_of(model: type[Model]) -> Schema:
    """The structural schema of a model."""
    raw = model.model_json_schema(by_alias=True, mode="validation")
    return _settle_defaults(_structural(_inline(raw, raw.get("$defs", {}))))


def spec_schema() -> Schema:
    """Structural schema of `spec`; the three lists that rules walk default to empty, so that rules may rely on them."""
    schema = schema_of(ClusterSpec)
    for name in ("volumes", "volumeMounts"):
        schema["properties"][name]["default"] = []
    return schema


def resource_schema() -> Schema:
    """Structural schema of the whole resource."""
    status = schema_of(ClusterStatus)
    return {
        "type": "object",
        "description": "A Socket.IO server on many pods: pods, adapter, broker and sticky route from one object.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"Always `{GROUP}/{VERSION}`."},
            "kind": {"type": "string", "description": f"Always `{KIND}`."},
            "metadata": {"type": "object"},
            "spec": spec_schema(),
            # kstatus takes an object without status for ready; -1 never equals a generation.
            "status": {**status, "default": {"observedGeneration": -1}},
        },
        RULES: [NAME_RULE],
    }


def _column(name: str, path: str, type_: str = "string", priority: int = 0) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": type_, "jsonPath": path}
    return {**column, "priority": priority} if priority else column


def _condition(name: str) -> str:
    return f'.status.conditions[?(@.type=="{name}")]'


def crd_manifest() -> dict[str, Any]:
    """The CustomResourceDefinition as a manifest."""
    ready = _condition("Ready")
    truth = ("Sticky", "Broadcasting", "Balanced", "Routed")
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["sio"],
                "categories": ["socketio"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": resource_schema()},
                    "subresources": {
                        "status": {},
                        "scale": {
                            "specReplicasPath": ".spec.replicas",
                            "statusReplicasPath": ".status.replicas",
                            "labelSelectorPath": ".status.selector",
                        },
                    },
                    "additionalPrinterColumns": [
                        _column("Ready", f"{ready}.status"),
                        _column("Reason", f"{ready}.reason"),
                        _column("Pods", ".status.readyReplicas", "integer"),
                        _column("Clients", ".status.clients.connected", "integer"),
                        _column("URL", ".status.url"),
                        _column("Age", ".metadata.creationTimestamp", "date"),
                        _column("Image", ".spec.image", priority=1),
                        _column("Adapter", ".status.effective.adapter", priority=1),
                        _column("Affinity", ".status.effective.affinity", priority=1),
                        *(_column(name, f"{_condition(name)}.status", priority=1) for name in truth),
                        _column("Message", f"{ready}.message", priority=1),
                    ],
                }
            ],
        },
    }
