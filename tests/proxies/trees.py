"""The directives of a configuration without their values: what a value that is more than a value would change."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import crossplane
import yaml

Tree = Any


def tree(name: str, text: str, scratch: Path) -> Tree:
    """The tree of the file `name`; `scratch`: a file to use for it. Raises ValueError for what is no such file."""
    return _READERS[name](text, scratch)


def _nginx(text: str, scratch: Path) -> Tree:
    scratch.write_text(text, encoding="utf-8", newline="")
    read = crossplane.parse(str(scratch), single=True, strict=False, check_ctx=False, check_args=False)
    if read["errors"]:
        raise ValueError(read["errors"])
    return _blocks(read["config"][0]["parsed"])


def _blocks(directives: Sequence[Any]) -> Tree:
    return [(_directive(one["directive"]), len(one["args"]), _blocks(one.get("block", ()))) for one in directives]


def _directive(name: str) -> str:
    """In a block `geo` a range of addresses stands where elsewhere a directive does."""
    try:
        ipaddress.ip_network(name)
    except ValueError:
        return name
    return "a range"


def _haproxy(text: str, scratch: Path) -> Tree:
    return [(words[:1], len(words)) for words in _lines(text)]


def _httpd(text: str, scratch: Path) -> Tree:
    return _haproxy(text.replace("\\\n", " "), scratch)


def _lines(text: str) -> list[list[str]]:
    # Those that end a line for one of the programs end it here: str.splitlines knows them all.
    return [shlex.split(line, comments=True) for line in text.splitlines()]


def _yaml(text: str, scratch: Path) -> Tree:
    try:
        return _keys(yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(error) from error


def _keys(value: Any) -> Tree:
    if isinstance(value, dict):
        return {key: _keys(item) for key, item in value.items()}
    return [_keys(item) for item in value] if isinstance(value, list) else type(value)


def _shell(text: str, scratch: Path) -> Tree:
    """The operators, and between them the number of words."""
    words = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    words.whitespace_split = True
    words.whitespace = " \t"
    found: list[Any] = [0]
    for word in words:
        if set(word) <= set("();<>|&\n"):
            found += [word, 0]
        else:
            found[-1] += 1
    return found


_READERS: dict[str, Callable[[str, Path], Tree]] = {
    "haproxy.cfg": _haproxy,
    "nginx.conf": _nginx,
    "httpd.conf": _httpd,
    "traefik.yaml": _yaml,
    "routes.yaml": _yaml,
    "start.sh": _shell,
}
