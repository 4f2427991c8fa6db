"""Brokers that are started once, when the first test needs them."""

import pytest

from tests.cluster.certificates import Authority
from tests.unit.brokers.asking import trust


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that verified connections trust, and that issues certificates of servers."""
    made = Authority(tmp_path_factory.mktemp("authority"))
    trust(made)
    return made
