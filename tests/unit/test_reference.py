"""docs/reference.md and the CRD say the same."""

import re

from tests.reference import PAGE, page

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_that_of_the_crd() -> None:
    assert page() == TEXT, "run python -m tests.reference"


def test_every_link_leads_to_a_section() -> None:
    titles = {re.sub(r"[^a-z0-9_-]", "", title.lower()) for title in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\(#([^)]+)\)", TEXT)) <= titles


def test_every_field_says_what_it_is() -> None:
    assert [line for line in TEXT.splitlines() if line.startswith("|") and line.endswith("|  |")] == []
