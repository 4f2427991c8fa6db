"""The chart's README: its values, from the comments of values.yaml. `python -m tests.chart_readme` writes it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.helm.tool import CHART

PAGE = CHART / "README.md"
VALUES = CHART / "values.yaml"
# Values that are whole in one line of the table: their parts are those of a Pod, or of an image.
WHOLE = ("resources", "podSecurityContext", "containerSecurityContext", "updateStrategy")

HEAD = """# Chart socketio-operator

{description} The [project's README](../../README.md) describes what it installs.

```console
$ helm install socketio-operator helm/socketio-operator -n socketio-operator-system --create-namespace
$ helm upgrade socketio-operator helm/socketio-operator -n socketio-operator-system
$ helm uninstall socketio-operator -n socketio-operator-system    # the CRD and every SocketIOCluster stay
```

Kubernetes {kube_version}, Helm 3 or 4. The chart is a pure function of its values: it uses neither lookups nor random
values, so Argo CD and Flux render the same as Helm. An upgrade of the operator restarts no pod of a SocketIOCluster.

- **Your own registry:** set `global.imageRegistry` for all images, or `registry`, `repository`, `tag` and `digest` of
  each. A variable `RELATED_IMAGE_...` of the operator's container has each default image.
- **Selected namespaces:** `watchNamespaces` creates Roles there, and no ClusterRole. Several releases can run side by
  side, each in its own namespace and with its own watched namespaces; one of them has `crds.enabled: true`.
- **Upgrades:** keep your values in a file, or use `--reset-then-reuse-values`. Helm's `--reuse-values` omits the
  values that a new chart adds, and fails. `helm rollback` restores the previous state, including the CRD.
- **OpenShift:** `podSecurityContext.runAsUser: null` leaves the id to the platform.
- **One operator:** `replicaCount` is 1 or 0, and `updateStrategy` is Recreate. Traffic does not depend on the
  operator while its pod is replaced.
- **A test:** with `test.image`, the image of a Socket.IO server of yours, `helm test` applies a SocketIOCluster of it,
  opens a session through its Service and deletes it again. Its pods need up to 45 s to end, and until then they may
  answer a second test.
- **Metrics:** the operator serves none yet, so there is neither a ServiceMonitor nor a PodMonitor.

## Values

`make generate` writes this table from values.yaml. values.schema.json rejects every value that is not in it.
"""


@dataclass(frozen=True)
class Value:
    """A value of the chart: its path with dots, its default, and its comment ("" without one)."""

    path: str
    default: Any
    comment: str


def values() -> tuple[Value, ...]:
    """Every value of values.yaml that stands for itself, in the file's order."""
    text = VALUES.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return tuple(_values(root, text.splitlines(), ""))


def _values(node: yaml.MappingNode, lines: list[str], prefix: str) -> Iterator[Value]:
    for key, value in node.value:
        path = f"{prefix}{key.value}"
        if isinstance(value, yaml.MappingNode) and not value.flow_style and path not in WHOLE:
            yield from _values(value, lines, f"{path}.")
        else:
            yield Value(path, _plain(value), _comment(lines, key.start_mark.line))


def _plain(node: yaml.Node) -> Any:
    return yaml.safe_load(yaml.serialize(node))


def _comment(lines: list[str], line: int) -> str:
    """The comment right above a line."""
    first = line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return " ".join(text.strip().removeprefix("#").strip() for text in lines[first:line])


def page() -> str:
    """The whole page."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    head = HEAD.format(description=chart["description"], kube_version=chart["kubeVersion"].removesuffix("-0"))
    rows = ["| value | default | what |", "| --- | --- | --- |", *map(_row, values())]
    return head + "\n" + "\n".join(rows) + "\n"


def _row(value: Value) -> str:
    return f"| `{value.path}` | `{json.dumps(value.default)}` | {value.comment.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
