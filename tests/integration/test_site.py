"""The documentation as a site: without a warning, and without a request to anybody else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.paths import ROOT

LOADED = re.compile(
    r"""<(?:script|img|iframe|link(?=[^>]*rel="?(?:stylesheet|preload|preconnect|icon)))[^>]*"""
    r"""(?:src|href)="?(?:https?:)?//""",
    re.IGNORECASE,
)


@pytest.mark.long
def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.local", "docs", "--to", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > len(list((ROOT / "docs").glob("*.md")))
    assert [page.name for page in pages if LOADED.search(page.read_text())] == []
    assert {str(page.relative_to(tmp_path)): lost for page in pages if (lost := _lost(page))} == {}
    styles = [file.read_text() for file in tmp_path.rglob("*.css")]
    assert not [style for style in styles if re.search(r"(?:@import|url\()\s*.?https?:", style)]


def _lost(page: Path) -> list[str]:
    """Links of a page that lead to no file of the site."""
    if page.name == "404.html":  # served for any address, so its links begin at the root
        return []
    links = re.findall(r'href="?([^"#?> ]+)', page.read_text())
    inner = [link for link in links if ":" not in link and not link.startswith("//")]
    return [link for link in inner if not (page.parent / link).exists()]
