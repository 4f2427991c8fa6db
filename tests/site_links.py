"""A hook of MkDocs: links from docs/ to files outside lead to the repository, or are plain text while it has no URL."""

import logging
import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

LOG = logging.getLogger("mkdocs.hooks.site_links")
OUTSIDE = re.compile(r"\[([^\]\n]+)\]\((\.\./[^)\s]+)\)")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """What MkDocs calls for each page. A link to nothing is a warning, which ends a strict build."""
    source = Path(page.file.abs_src_path or "")
    root = Path(config.docs_dir).parent

    def replaced(link: re.Match[str]) -> str:
        text, target = link[1], link[2]
        name, mark, anchor = target.partition("#")
        path = Path(os.path.normpath(source.parent / name))
        if not path.exists():
            LOG.warning("%s: %s is not in the repository", page.file.src_uri, target)
        return _link(text, path.relative_to(root).as_posix(), path.is_dir(), mark + anchor, config.repo_url)

    return OUTSIDE.sub(replaced, markdown)


def _link(text: str, path: str, folder: bool, anchor: str, repository: str | None) -> str:
    if repository:
        return f"[{text}]({repository.rstrip('/')}/{'tree' if folder else 'blob'}/main/{path}{anchor})"
    return f"`{path}`" if text.strip("`") in path else f"{text} (`{path}`)"
