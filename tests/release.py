"""`make release VERSION=1.2.3`: checks that what is committed can be that release, and tags it.

What a version means is in CONTRIBUTING.md. Every fault is a line; with any, nothing is tagged.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.rstrip()


def faults(root: Path, text: str, today: str) -> Iterator[str]:
    """What keeps the state of a repository from being released as a version, on a day as in 2026-11-20."""
    try:
        version = Version(text)
    except InvalidVersion:
        yield f"{text!r} is no version: give one like 1.2.3 (PEP 440)"
        return
    if str(version) != text:
        yield f"write the version as {version}, as it is compared"
    if changed := git(root, "status", "--porcelain"):
        yield f"commit or stash first: {', '.join(line[3:] for line in changed.splitlines())}"
    listed = tomllib.loads((root / "tests/releases.toml").read_text(encoding="utf-8"))["release"]
    tagged = sorted(filter(None, map(as_version, git(root, "tag", "--list").split())))
    last = max([*tagged, *(Version(release["version"]) for release in listed)])
    if version <= last:
        yield f"{version} is not above {last}, the last release"
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if project["version"] != text:
        yield f"pyproject.toml: the version is {project['version']}, not {version}"
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(rf"^## \[{re.escape(text)}\] - (.+)$", changelog, re.MULTILINE)
    if not heading:
        yield f"CHANGELOG.md: no heading '## [{version}] - {today}'; move there what is under Unreleased"
    elif heading[1] != today:
        yield f"CHANGELOG.md: {version} is of {heading[1]}, and today is {today}"
    if not re.search(r"^## \[Unreleased\]$", changelog, re.MULTILINE):
        yield "CHANGELOG.md: no heading '## [Unreleased]' for what comes next"
    for tag in map(str, tagged):
        if tag not in {release["version"] for release in listed}:
            yield f"tests/releases.toml: {tag} is tagged, and not listed"
    yield from changes(root, listed[-1]["commit"], version, Version(listed[-1]["version"]))


def as_version(tag: str) -> Version | None:
    """A tag as Copier reads it, with a `v` or without; None for any other tag."""
    try:
        return Version(tag)
    except InvalidVersion:
        return None


def changes(root: Path, last: str, version: Version, before: Version) -> Iterator[str]:
    """What is gone or new since the last release that a version like this may not bring, or not without a migration."""
    settings = yaml.safe_load((root / "copier.yml").read_text(encoding="utf-8").split("\n---\n")[0])
    migrations = str(settings.get("_migrations", ""))
    now = {name: facts for file in (root / "questions").glob("*.yml") for name, facts in read(file.read_text()).items()}
    then: dict[str, Any] = {}
    for file in git(root, "ls-tree", "--name-only", f"{last}:questions").split():
        then |= read(git(root, "show", f"{last}:questions/{file}"))
    paths = git(root, "ls-tree", "-r", "--name-only", f"{last}:template").splitlines()
    gone = [f"the question {name}" for name in then if name not in now]
    gone += [f"the file template/{path}" for path in paths if not (root / "template" / path).is_file()]
    is_major = version.major > before.major or (not before.major and version.minor > before.minor)
    for what in gone:
        if not re.search(rf"(?<![\w/]){re.escape(what.split(' ', 2)[2].removeprefix('template/'))}(?!\w)", migrations):
            yield f"copier.yml: {what} is gone since {before}, and no migration names it"
        elif not is_major:
            yield f"{what} is gone since {before}: that takes a major version"
    is_patch = (version.major, version.minor) == (before.major, before.minor)
    for name in now:
        if name not in then and "default" not in now[name]:
            yield f"the question {name} is new and has no default: updates by CI would stop at it"
        elif name not in then and is_patch:
            yield f"the question {name} is new since {before}: that takes a minor version"


def read(text: str) -> dict[str, Any]:
    """The questions of a file."""
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def main() -> int:
    version = os.environ.get("VERSION", "")
    found = list(faults(ROOT, version, datetime.now(tz=UTC).date().isoformat()))
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    for check in (["make", "lint"], ["make", "test-all"], [sys.executable, "docs/reference.py", "--check"]):
        if subprocess.run(check, cwd=ROOT, check=False, env=os.environ | {"CI": "true"}).returncode:
            print(f"{' '.join(check)} failed: nothing is tagged", file=sys.stderr)
            return 1
    git(ROOT, "tag", "--annotate", version, "--message", f"Release {version}")
    print(f"Tagged {version}. Next: git push origin {version}; list it in tests/releases.toml.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
