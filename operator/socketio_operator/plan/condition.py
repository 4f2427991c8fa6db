"""One condition of the status."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition before it is stamped with times."""

    type: str
    status: bool
    reason: str
    message: str
