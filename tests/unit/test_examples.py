"""examples/full*.yaml set every field that there is, and are right."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import KIND, SocketIOCluster, validate
from socketio_operator.api.crd import spec_schema
from socketio_operator.desired.references import needed_secrets
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.warnings import warnings
from tests.unit.samples import body

EXAMPLES = Path(__file__).parents[2] / "examples"
FULL = EXAMPLES / "full.yaml"
ALTERNATIVES = sorted(EXAMPLES.glob("full-*.yaml"))
# What excludes something in full.yaml, each with all that is below it.
EXCLUDED = {
    "adapter.external",
    "routing.annotations",
    "routing.gateway",
    "routing.hosts.tls",
    "routing.ingressClassName",
    "routing.labels",
}
# Of cert-manager, as the files say.
BROUGHT_BY_OTHERS = {"chat-tls", "www-tls"}


def objects(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def spec(path: Path) -> dict[str, Any]:
    (found,) = (one["spec"] for one in objects(path) if one["kind"] == KIND)
    return dict(found)


def fields(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        yield f"{path}{name}"
        yield from fields(child.get("items", child), f"{path}{name}.")


def given(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from given(item, schema["items"], path)
    elif isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            yield f"{path}{name}"
            yield from given(item, schema["properties"][name], f"{path}{name}.")


CONTAINER = re.compile(r"pod\.(?:initContainers|sidecars)\.")
LIKE_THE_SERVER = re.compile(r"(image|imagePullPolicy|command|args|env|envFrom|resources|volumeMounts)(\.|$)")
PROBE = re.compile(r"(startup|readiness|liveness)Probe")


def once(names: Iterator[str]) -> set[str]:
    """What containers have as the server has it, or as each other, need be set in one of them."""
    found = set()
    for name in names:
        within = CONTAINER.sub("", name)
        if within == name or LIKE_THE_SERVER.match(within):
            found.add(within)
        else:
            found.add(f"pod.containers.{PROBE.sub('probe', within)}")
    return found


SCHEMA = spec_schema()
EVERY = once(fields(SCHEMA))


def set_in(*paths: Path) -> set[str]:
    return {name for path in paths for name in once(given(spec(path), SCHEMA))}


def test_every_field_is_set_in_an_example() -> None:
    assert len(EVERY) > 200
    assert EVERY - set_in(FULL, *ALTERNATIVES) == set()


def test_the_full_one_lacks_only_what_excludes_something_in_it() -> None:
    lacking = EVERY - set_in(FULL)
    assert {name for name in lacking if not any(f"{name}.".startswith(f"{one}.") for one in EXCLUDED)} == set()
    assert lacking >= EXCLUDED


@pytest.mark.parametrize("path", [FULL, *ALTERNATIVES], ids=lambda path: path.name)
def test_an_example_is_right_and_brings_what_it_names(path: Path) -> None:
    asked = body(spec(path))
    assert validate(asked) == []
    of = SocketIOCluster.parse(asked)
    assert warnings(of, Observed({})) == ()
    brought = {one["metadata"]["name"]: one for one in objects(path) if one["kind"] == "Secret"}
    needs = [need for need in needed_secrets(of) if need.name not in BROUGHT_BY_OTHERS]
    assert [need for need in needs if need.key and need.key not in brought[need.name]["stringData"]] == []
    assert {need.name for need in needs} <= set(brought)


@pytest.mark.parametrize("field", sorted(EXCLUDED))
def test_what_is_said_to_be_excluded_is(field: str) -> None:
    """Put into the full one, it is refused."""
    asked = spec(FULL)
    (alternative,) = (spec(path) for path in ALTERNATIVES if field in set_in(path))
    target, source = asked, alternative
    *above, last = field.split(".")
    for name in above:
        target, source = target[name], source[name]
        if isinstance(target, list):
            target, source = target[0], source[0]
    target[last] = source[last]
    assert validate(body(asked))
