"""Fixtures of all tests: a real cluster and a real proxy in front of it."""

from hypothesis import settings

pytest_plugins = ["tests.cluster.plugin", "tests.traffic.plugin"]

# How long an example takes says how busy the machine is.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
