"""The CRD is generated, complete and structural."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import SocketIOCluster, crd_manifest, validate
from socketio_operator.api.crd import with_defaults
from tests.unit.samples import FULL, LEAST, body

CRD = Path(__file__).parents[2] / "crds" / "socketioclusters.yaml"
SCHEMA = crd_manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from fields(child, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from fields(schema[inner], f"{path}[]")


def test_the_committed_crd_is_the_generated_one() -> None:
    assert yaml.safe_load(CRD.read_text()) == crd_manifest(), "run `make generate`"


@pytest.mark.parametrize(("path", "schema"), [pair for pair in fields(SCHEMA) if pair[0] != ".metadata"])
def test_every_field_is_described(path: str, schema: dict[str, Any]) -> None:
    text = schema.get("description", "")
    assert text.endswith((".", "`")), f"{path} has no description"
    in_spec = path.startswith(".spec.")
    assert not in_spec or "Default:" in text or "Example:" in text, path


def test_schema_is_structural() -> None:
    for path, schema in fields(SCHEMA):
        assert "type" in schema or schema.get("x-kubernetes-int-or-string"), path
        assert not {"$ref", "title", "oneOf", "allOf", "not", "const"} & set(schema), path
        assert not ("properties" in schema and "additionalProperties" in schema), path


def test_defaults_of_schema_and_models_agree() -> None:
    assert SocketIOCluster.parse(body(LEAST)) == SocketIOCluster.parse(with_defaults(body(LEAST), SCHEMA))


@pytest.mark.parametrize("spec", [LEAST, FULL])
def test_samples_are_valid(spec: dict[str, Any]) -> None:
    assert validate(body(spec)) == []


def test_a_new_resource_is_not_taken_for_ready() -> None:
    assert SCHEMA["properties"]["status"]["default"] == {"observedGeneration": -1}


def test_the_crd_fits_into_client_side_apply() -> None:
    assert CRD.stat().st_size < 256 * 1024
