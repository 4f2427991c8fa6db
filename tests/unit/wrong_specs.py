"""The least spec with something changed."""

from typing import Any

from tests.unit.samples import LEAST


def spec_with(**changes: Any) -> dict[str, Any]:
    """Fields of the spec."""
    return {**LEAST, **changes}


def routing_with(**changes: Any) -> dict[str, Any]:
    """Fields of its routing."""
    return spec_with(routing={"host": "chat.example.com", **changes})
