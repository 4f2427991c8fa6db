"""The section of a version in CHANGELOG.md, which has the form of Keep a Changelog."""

from __future__ import annotations

import re

from tests.release.versions import ReleaseError

HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?P<date> - \d{4}-\d{2}-\d{2})?[ ]*$", re.MULTILINE)
# Links that close the file belong to no section.
LINK = re.compile(r"^\[[^\]]+\]: \S+$\n?", re.MULTILINE)


def section(changelog: str, version: str) -> str:
    """The text below the version's heading. Raises ReleaseError when it is missing, empty or without a date."""
    headings = list(HEADING.finditer(changelog))
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        if heading["version"] != version:
            continue
        if not heading["date"]:
            raise ReleaseError(f"the heading of {version} in CHANGELOG.md has no date such as `- 2026-01-31`")
        end = following.start() if following else len(changelog)
        text = LINK.sub("", changelog[heading.end() : end]).strip()
        if not text:
            raise ReleaseError(f"the section {version} of CHANGELOG.md is empty")
        return f"{text}\n"
    raise ReleaseError(f"CHANGELOG.md has no section `## [{version}] - DATE`")
