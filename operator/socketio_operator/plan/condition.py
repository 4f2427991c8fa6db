"""A condition before it is stamped with times, and one as it was told before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """`status` None: unknown."""

    type: str
    status: bool | None
    reason: str
    message: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Condition":
        """From a status."""
        status = {"True": True, "False": False}.get(told["status"])
        return cls(told["type"], status, told["reason"], told["message"])


def wire_status(status: bool | None) -> str:
    """True, False or Unknown, as the API has it."""
    return {True: "True", False: "False", None: "Unknown"}[status]


def told(conditions: Sequence[Mapping[str, Any]], type_: str) -> Condition | None:
    """The condition of that type as a status has it; None if it has none."""
    return next((Condition.of(item) for item in conditions if item["type"] == type_), None)
