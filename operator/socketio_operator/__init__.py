"""Kubernetes operator for Socket.IO servers. Rings: cli, controller -> plan -> desired -> api."""

__version__ = "0.1.0"
