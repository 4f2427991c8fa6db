"""health.lua under Argo CD's conditions: its cases, its promises, and what Argo CD would not let it do."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.reading.argo_cd import ACTIONS, ACTIONS_KEY, CASES, FOLDER, KEY, files
from tests.reading.readers import ARGO_CD, HEALTH, ReadingError, readings

GENERATION = 2
TYPES = ("Ready", "Reconciling", "Stalled", "Paused")


def test_what_is_beside_health_lua_is_made_of_the_states() -> None:
    wanted = dict(files())
    assert {path: path.read_text(encoding="utf-8") for path in wanted} == wanted, "run `make generate`"
    assert {*FOLDER.glob("testdata/*"), *ACTIONS.glob("testdata/*")} < set(wanted)


def test_its_cases_hold_as_in_argo_cd() -> None:
    cases = yaml.safe_load((FOLDER / "health_test.yaml").read_text(encoding="utf-8"))["tests"]
    inputs = [yaml.safe_load((FOLDER / case["inputPath"]).read_text(encoding="utf-8")) for case in cases]
    assert [reading.health for reading in readings(inputs)] == [case["healthStatus"] for case in cases]


def test_the_patch_of_argocd_cm_is_the_scripts() -> None:
    data = yaml.safe_load((ARGO_CD / "argocd-cm.yaml").read_text(encoding="utf-8"))["data"]
    assert set(data) == {KEY, ACTIONS_KEY}
    assert data[KEY] == HEALTH.read_text(encoding="utf-8")
    actions = yaml.safe_load(data[ACTIONS_KEY])
    assert actions["discovery.lua"].strip() == (ACTIONS / "discovery.lua").read_text(encoding="utf-8").strip()
    defined = {one["name"]: one["action.lua"].strip() for one in actions["definitions"]}
    assert defined == {name: (ACTIONS / name / "action.lua").read_text(encoding="utf-8").strip() for name in CASES}


def reported(seen: int | None, statuses: tuple[str | None, ...]) -> dict[str, Any]:
    told = [
        {"type": kind, "status": status, "reason": "Some", "message": f"{kind} says so."}
        for kind, status in zip(TYPES, statuses, strict=True)
        if status
    ]
    status = {"conditions": told} | ({} if seen is None else {"observedGeneration": seen})
    return {"kind": "SocketIOCluster", "metadata": {"generation": GENERATION}, "status": status}


def test_healthy_is_only_who_is_ready_now() -> None:
    cases = list(product((None, -1, 1, GENERATION), product((None, "True", "False", "Unknown"), repeat=len(TYPES))))
    found = readings([reported(*case) for case in cases])
    for (seen, statuses), reading in zip(cases, found, strict=True):
        ready, *others = statuses
        well = seen == GENERATION and ready == "True" and "True" not in others
        assert (reading.health["status"] == "Healthy") == well, (seen, statuses)
        assert seen == GENERATION or reading.health["status"] == "Progressing", (seen, statuses)
        if well:
            assert reading.kstatus == "Current"


@pytest.mark.parametrize("of", [{}, {"status": {}}, {"status": {"observedGeneration": GENERATION}}])
def test_no_word_of_the_operator_is_progress(of: Mapping[str, Any]) -> None:
    bare = {"kind": "SocketIOCluster", "metadata": {"generation": GENERATION}, **of}
    assert readings([bare])[0].health["status"] == "Progressing"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('return { status = string.upper("healthy"), message = "" }', "non-table object"),
        ('return { status = "Healthy", message = io.read() }', "non-table object"),
        ("while true do end", "deadline exceeded"),
        ('return "Healthy"', "returned a string"),
        ('return { status = "Fine", message = "" }', 'no health "Fine"'),
    ],
)
def test_a_script_that_argo_cd_would_not_take_fails(tmp_path: Path, script: str, said: str) -> None:
    wrong = tmp_path / "health.lua"
    wrong.write_text(script, encoding="utf-8")
    with pytest.raises(ReadingError, match=said):
        readings([reported(GENERATION, ("True", None, None, None))], wrong)
