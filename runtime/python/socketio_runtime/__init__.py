"""Gives an unmodified python-socketio server an adapter, health, metrics and drain. Loaded by `sitecustomize`."""

__version__ = "0.1.0"
