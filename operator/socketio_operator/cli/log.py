"""The operator's log: lines of text for people, or an object of JSON on each line for a collector."""

import logging

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning")
# What Kopf adds to a record for its own use; the object's name is in the message.
_OF_KOPF = ("k8s_ref", "k8s_skip", "settings")
# How the fields of a record are called in JSON.
_NAMES = {"levelname": "level", "name": "logger", "exc_info": "exception"}


class _OneLine(logging.Formatter):
    """No text of others in a message begins a line of its own, or steers a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name is that of logging
        text = super().formatMessage(record)
        if text.isprintable():
            return text
        return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def configure(level: str, log_format: str) -> None:
    """Sends what is logged to standard error; one of LEVELS and one of FORMATS."""
    handler = logging.StreamHandler()
    handler.setFormatter(_json() if log_format == "json" else _text())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # Kopf tells of every event that it hands over; the reconciler tells what came of it.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)


def _text() -> logging.Formatter:
    return _OneLine("%(asctime)s %(levelname)-7s %(name)s: %(message)s")


def _json() -> logging.Formatter:
    """Each line has time (ISO 8601, UTC), level, logger, message, and exception if there was one."""
    # Imported here: whoever logs text does without.
    from pythonjsonlogger.core import RESERVED_ATTRS
    from pythonjsonlogger.json import JsonFormatter

    reserved = (*RESERVED_ATTRS, *_OF_KOPF)
    fields = "%(levelname)s %(name)s %(message)s"
    return JsonFormatter(fields, timestamp="time", rename_fields=_NAMES, reserved_attrs=reserved)
