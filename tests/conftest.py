"""Fixtures of all tests: a real cluster and a real proxy in front of it."""

pytest_plugins = ["tests.cluster.plugin", "tests.traffic.plugin"]
