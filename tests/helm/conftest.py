"""Helm of both versions, and the chart that users have."""

from pathlib import Path

import pytest

from tests.helm import former


@pytest.fixture(scope="session")
def former_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart that an upgrade begins with."""
    return former.former_chart(tmp_path_factory.mktemp("former"))
