"""Text payloads, rendered by Jinja2. Manifests never are.

A template prints only integers, booleans and `Word`s. Any other value, and any name that is not
defined, is an error: no text of a user reaches a configuration file unchecked.
"""

import ipaddress
import re
from typing import Any

import jinja2

_WORD = re.compile(r"[A-Za-z0-9._/-]+")
_PATH = re.compile(r"(/[A-Za-z0-9._~/-]*)?")
_RANGE = re.compile(r"[0-9a-f.:]+/[0-9]+")


class Word(str):
    """Text of letters, digits and ._/- only: it cannot end a directive, a line or a quote. Raises ValueError."""

    def __new__(cls, value: str) -> "Word":
        if not _WORD.fullmatch(value):
            raise ValueError(f"{value!r} holds characters that a configuration file may interpret")
        return super().__new__(cls, value)


class UrlPath(Word):
    """A path of a URL, or the empty text: `Word` and ~, which means something to proxies only where it stands alone.
    Raises ValueError."""

    def __new__(cls, value: str) -> "UrlPath":
        if not _PATH.fullmatch(value):
            raise ValueError(f"{value!r} is not a path of letters, digits and ._~-")
        return str.__new__(cls, value)


class Range(Word):
    """A range of addresses such as 10.0.0.0/8 or 2001:db8::/32, in its shortest form. Raises ValueError."""

    def __new__(cls, value: str) -> "Range":
        written = str(ipaddress.ip_network(value, strict=False))
        if not _RANGE.fullmatch(written):
            raise ValueError(f"{value!r} is not a range of addresses")
        return str.__new__(cls, written)


def _printable(value: Any) -> Any:
    if isinstance(value, jinja2.Undefined | Word | bool | int):
        return value
    raise TypeError(f"templates print Word, int and bool only, not {type(value).__name__}")


_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("socketio_operator.desired"),
    undefined=jinja2.StrictUndefined,
    finalize=_printable,
    autoescape=False,  # escaping for HTML would corrupt these files; `_printable` is the guard
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, **values: Word | int | bool | tuple[Word, ...]) -> str:
    """The text of `templates/<template>`. Raises TypeError for a value that templates may not print."""
    return _environment.get_template(template).render(values)
