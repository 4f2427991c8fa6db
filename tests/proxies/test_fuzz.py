"""A hostile spec is refused, or its configuration is the benign one's with other values: no directive more or less.

`FUZZ_SPECS`: how many for each program; `FUZZ_SEED`: which (`make fuzz`).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired import text
from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.proxies.hostile import FIELDS, shapes, value
from tests.proxies.trees import Tree, tree

SPECS = int(os.environ.get("FUZZ_SPECS", "10000"))
SEED = os.environ.get("FUZZ_SEED", "10")
# Without a guard, the first of so many gets through.
UNGUARDED = 500


class Fuzz:
    """One program against hostile specs. `found`: how many were refused, and how many had the benign one's tree."""

    def __init__(self, program: str, scratch: Path) -> None:
        self.program, self.scratch = PROGRAMS[program], scratch
        self.random = Random(f"{program} {SEED}")
        self.found: Counter[str] = Counter()
        self._shapes = shapes(program)
        self._known: dict[tuple[str, str], Tree] = {}
        self._benign: dict[tuple[object, ...], dict[str, Tree]] = {}

    def try_one(self) -> None:
        """Put one or two hostile values into a spec. Raises AssertionError if they are more than values."""
        shape = self.random.randrange(len(self._shapes))
        names = self.random.sample(sorted(FIELDS), k=self.random.randint(1, 2))
        values = {name: value(self.random, FIELDS[name]) for name in names}
        try:
            files = self.program.configuration(_filled(self._shapes[shape], values))
        except (ValueError, TypeError, OverflowError):
            self.found["refused"] += 1
            return
        likes = {name: _like(name, given) for name, given in values.items()}
        assert self._trees(files) == self._trees_of_benign(shape, likes), values
        self.found["harmless"] += 1

    def try_many(self, count: int) -> None:
        """Try as many specs. Raises AssertionError for one that is neither refused nor harmless."""
        for _ in range(count):
            self.try_one()

    def _trees_of_benign(self, shape: int, values: dict[str, str | int]) -> dict[str, Tree]:
        key = (shape, *sorted(values.items()))
        if key not in self._benign:
            self._benign[key] = self._trees(self.program.configuration(_filled(self._shapes[shape], values)))
        return self._benign[key]

    def _trees(self, files: dict[str, str]) -> dict[str, Tree]:
        return {name: self._tree(name, content) for name, content in files.items()}

    def _tree(self, name: str, content: str) -> Tree:
        if (name, content) not in self._known:
            try:
                self._known[name, content] = tree(name, content, self.scratch)
            except ValueError as error:
                raise AssertionError(f"{name}: {error}") from error
        return self._known[name, content]


def _filled(of: SocketIOCluster, values: dict[str, str | int]) -> SocketIOCluster:
    for name, given in values.items():
        of = FIELDS[name].put(of, given)
    return of


def _like(name: str, given: str | int) -> str | int:
    """The benign value with which the same directives are there: some are left out for an empty path, and for 0."""
    if name in ("path", "paths") and isinstance(given, str) and not given.rstrip("/"):
        return "/"
    return FIELDS[name].benign if given != 0 else 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_hostile_specs_are_refused_or_harmless(program: str, tmp_path: Path) -> None:
    fuzz = Fuzz(program, tmp_path / "scratch")
    fuzz.try_many(SPECS)
    assert min(fuzz.found["refused"], fuzz.found["harmless"]) > SPECS / 20, fuzz.found


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_the_guard_it_would_be_seen(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for guard in ("_WORD", "_PATH", "_RANGE"):
        monkeypatch.setattr(text, guard, re.compile(".*", re.DOTALL))
    fuzz = Fuzz(program, tmp_path / "scratch")
    with pytest.raises(AssertionError):
        fuzz.try_many(UNGUARDED)


def test_a_benign_spec_is_rendered(tmp_path: Path) -> None:
    for program in PROGRAMS.values():
        benign = {name: field.benign for name, field in FIELDS.items()}
        for shape in shapes(program.name):
            for name, content in program.configuration(_filled(shape, benign)).items():
                assert tree(name, content, tmp_path / "scratch")
