"""The documentation is true: what is generated is fresh, links lead somewhere, examples are named."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from extensions.catalog import Catalog
from tests.conftest import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


def test_generated_reference_is_fresh() -> None:
    done = subprocess.run([sys.executable, "docs/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_make_target_is_documented_by_help() -> None:
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    assert [target for target in phony[1].split() if not re.search(rf"^{target}:.*## ", text, re.MULTILINE)] == []


def test_dialect_in_the_architecture_page_is_a_whole_one(tmp_path: Path) -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    (example,) = re.findall(r"```yaml\n(title: CockroachDB.*?)```", page, re.DOTALL)
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    (tmp_path / "catalog/dialects/cockroach.yml").write_text(example)
    catalog = Catalog(tmp_path / "catalog")
    catalog.check()
    assert catalog.driver("cockroachdb+psycopg2")["requirement"] == "sqlalchemy-cockroachdb[psycopg2]~=2.0"
