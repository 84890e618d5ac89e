"""The template as a repository with its releases: those of releases.toml, and what is on disk as the newest."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import copier
import yaml

from tests.support.git import commit, git

ROOT = Path(__file__).resolve().parent.parent.parent
RELEASES: list[dict[str, str]] = tomllib.loads((ROOT / "tests/releases.toml").read_text(encoding="utf-8"))["release"]

# A version above all others: what is on disk, committed or not.
NOW = "1000.0.0"

# What a scaffold is made from, and what tests take from a release. Each update checks all of it out twice.
PARTS = ("copier.yml", "questions", "catalog", "extensions", "template", "partials", "tasks", "examples", "tests/edits")

OPTIONS: dict[str, Any] = {"defaults": True, "unsafe": True, "quiet": True}


def missing() -> str | None:
    """What of the history is not there, as in a shallow clone."""
    for release in RELEASES:
        found = subprocess.run(["git", "cat-file", "-e", f"{release['commit']}^{{commit}}"], cwd=ROOT, check=False)
        if found.returncode:
            return f"commit {release['commit']} of release {release['version']} is missing: clone with its history"
    return None


def write_repository(folder: Path, template: Path) -> Path:
    """Commit PARTS of each release and then of `template` as NOW, with their tags; gives the folder."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    for release in RELEASES:
        clear(folder)
        listed = git(ROOT, "ls-tree", "-r", "--name-only", release["commit"], "--", *PARTS).splitlines()
        command = ["git", "archive", release["commit"], "--", *listed]
        archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        tag(folder, release["version"])
    clear(folder)
    for part in PARTS:
        if (template / part).is_dir():
            shutil.copytree(template / part, folder / part)
        elif (template / part).is_file():
            shutil.copy(template / part, folder)
    tag(folder, NOW)
    git(folder, "gc", "--quiet")
    return folder


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def tag(folder: Path, version: str) -> None:
    commit(folder, version)
    git(folder, "tag", version)


def examples(release: dict[str, str]) -> list[str]:
    """The names of the answers files that a release had."""
    return sorted(
        Path(name).stem for name in git(ROOT, "ls-tree", "--name-only", f"{release['commit']}:examples").split()
    )


def example(repository: Path, version: str, name: str) -> dict[str, Any]:
    """The answers of an example, as a release had them."""
    answers: dict[str, Any] = yaml.safe_load(git(repository, "show", f"{version}:examples/{name}.yml"))
    return answers


def answers_file(answers: dict[str, Any]) -> str:
    return ".copier-answers.yml" if answers["placement"] == "package" else f".copier-answers.{answers['name']}.yml"


def recorded(project: Path, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers that a connector's answers file has."""
    text = (project / answers_file(answers)).read_text(encoding="utf-8")
    return {question: answer for question, answer in yaml.safe_load(text).items() if not question.startswith("_")}


def scaffold(repository: Path, version: str, answers: dict[str, Any], into: Path, *, tasks: bool = True) -> Path:
    copier.run_copy(str(repository), into, data=answers, vcs_ref=version, skip_tasks=not tasks, **OPTIONS)
    return into


def update(project: Path, answers: dict[str, Any], version: str = NOW, **data: Any) -> None:
    file = answers_file(answers)
    copier.run_update(project, answers_file=file, data=data, vcs_ref=version, overwrite=True, **OPTIONS)
