"""A release is refused, with a line for each fault, until all that people rely on is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.release import faults
from tests.support.git import commit, git

TODAY = "2026-11-20"


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A repository that can be released as 1.2.0 today, after 1.1.0."""
    folder = tmp_path / "repository"
    (folder / "tests").mkdir(parents=True)
    shutil.copytree(ROOT / "questions", folder / "questions")
    shutil.copy(ROOT / "copier.yml", folder)
    (folder / "template").mkdir()
    (folder / "template/{{schema_file}}.jinja").write_text("{}")
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.0"\n')
    (folder / "CHANGELOG.md").write_text(f"## [Unreleased]\n\n## [1.2.0] - {TODAY}\n\n## [1.1.0] - 2026-01-01\n")
    (folder / "tests/releases.toml").write_text("")
    git(folder, "init", "--quiet")
    commit(folder, "1.1.0")
    git(folder, "tag", "1.1.0")
    head = git(folder, "rev-parse", "HEAD").strip()
    (folder / "tests/releases.toml").write_text(f'[[release]]\nversion = "1.1.0"\ncommit = "{head}"\nbrought = "x"\n')
    commit(folder, "1.2.0")
    return folder


def test_ready_repository_has_no_faults(ready: Path) -> None:
    assert list(faults(ready, "1.2.0", TODAY)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "version", "fault"),
    [
        ("CHANGELOG.md", "x", "x", "v1.2", "write the version as 1.2, as it is compared"),
        ("CHANGELOG.md", "x", "x", "next", "'next' is no version: give one like 1.2.3 (PEP 440)"),
        ("CHANGELOG.md", "x", "x", "1.1.0", "1.1.0 is not above 1.1.0, the last release"),
        ("pyproject.toml", "1.2.0", "1.1.0", "1.2.0", "pyproject.toml: the version is 1.1.0, not 1.2.0"),
        ("CHANGELOG.md", "[1.2.0]", "[1.2]", "1.2.0", f"CHANGELOG.md: no heading '## [1.2.0] - {TODAY}'"),
        ("CHANGELOG.md", TODAY, "2026-11-01", "1.2.0", "CHANGELOG.md: 1.2.0 is of 2026-11-01, and today is 2026-11-20"),
        ("CHANGELOG.md", "[Unreleased]", "[Next]", "1.2.0", "CHANGELOG.md: no heading '## [Unreleased]'"),
        ("tests/releases.toml", "1.1.0", "1.0.0", "1.2.0", "tests/releases.toml: 1.1.0 is tagged, and not listed"),
        (
            "questions/api.yml",
            "\npagination:",
            "\npaging:",
            "1.2.0",
            "copier.yml: the question pagination is gone since",
        ),
    ],
)
def test_fault_is_a_line(ready: Path, file: str, old: str, new: str, version: str, fault: str) -> None:
    text = (ready / file).read_text()
    (ready / file).write_text(text.replace(old, new, 1))
    if git(ready, "status", "--porcelain"):
        commit(ready, "changed")
    assert any(line.startswith(fault) for line in faults(ready, version, TODAY))


def test_question_that_is_migrated_takes_a_major_version(ready: Path) -> None:
    questions, settings = ready / "questions/api.yml", ready / "copier.yml"
    questions.write_text(questions.read_text().replace("\npagination:", "\npaging:", 1))
    settings.write_text(
        "_migrations:\n  - {version: 1.2.0, command: [python, rename.py, pagination, paging]}\n" + settings.read_text()
    )
    commit(ready, "renamed")
    assert list(faults(ready, "1.2.0", TODAY)) == [
        "the question pagination is gone since 1.1.0: that takes a major version"
    ]


def test_what_is_not_committed_is_named(ready: Path) -> None:
    (ready / "README.md").write_text("new")
    (ready / "CHANGELOG.md").write_text((ready / "CHANGELOG.md").read_text() + "more")
    assert list(faults(ready, "1.2.0", TODAY)) == ["commit or stash first: CHANGELOG.md, README.md"]


def test_file_that_is_gone_takes_a_migration(ready: Path) -> None:
    (ready / "template/{{schema_file}}.jinja").rename(ready / "template/{{other}}.jinja")
    commit(ready, "renamed")
    (fault,) = faults(ready, "1.2.0", TODAY)
    assert fault.startswith("copier.yml: the file template/{{schema_file}}.jinja is gone since 1.1.0, and no migration")


@pytest.mark.parametrize(
    ("facts", "version", "fault"),
    [
        ("{type: str}", "1.2.0", "the question fresh is new and has no default"),
        ('{type: str, default: ""}', "1.1.1", "the question fresh is new since 1.1.0: that takes a minor version"),
    ],
)
def test_new_question_has_a_default_and_is_no_patch(ready: Path, facts: str, version: str, fault: str) -> None:
    (ready / "questions/fresh.yml").write_text(f"fresh: {facts}\n")
    commit(ready, "asked")
    assert any(line.startswith(fault) for line in faults(ready, version, TODAY))


@pytest.mark.parametrize("tag", ["v1.3.0", "not-a-version"])
def test_tags_are_read_as_copier_reads_them(ready: Path, tag: str) -> None:
    git(ready, "tag", tag)
    found = list(faults(ready, "1.2.0", TODAY))
    assert any("is not above 1.3.0" in line for line in found) == tag.startswith("v")
