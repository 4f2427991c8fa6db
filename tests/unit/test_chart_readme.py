"""values.yaml, values.schema.json and the README of the chart say the same."""

import json
from collections.abc import Iterator
from typing import Any

from tests.chart_readme import PAGE, WHOLE, page, values
from tests.helm.tool import CHART

SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
# Objects of Kubernetes: the table has one line for each.
OF_A_POD = (*WHOLE, "affinity")


def test_the_readme_is_that_of_the_values() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run `make generate`"


def test_every_value_says_what_it_is() -> None:
    assert [value.path for value in values() if not value.comment.endswith(".")] == []


def test_schema_and_values_know_the_same_names() -> None:
    assert sorted(_properties(SCHEMA)) == sorted(value.path for value in values())


def test_the_schema_lets_no_unknown_name_through() -> None:
    """But for `global`, where parent charts keep theirs, and volumes, of which there are 30 sorts."""
    open_ones = [path for path, one in _objects(SCHEMA, "") if one.get("additionalProperties") is not False]
    assert open_ones == ["global", "extraVolumes[]"]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _properties(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, one in schema.get("properties", {}).items():
        path, one = f"{prefix}{name}", _resolved(one)
        if "properties" in one and path not in OF_A_POD:
            yield from _properties(one, f"{path}.")
        else:
            yield path


def _objects(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the schema that lists its properties."""
    if "properties" in schema:
        yield path, schema
    for name, one in schema.get("properties", {}).items():
        yield from _objects(_resolved(one), f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from _objects(_resolved(schema["items"]), f"{path}[]")
