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

import yaml
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


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
    released = sorted(Version(tag) for tag in git(root, "tag", "--list", "[0-9]*").split())
    if released and version <= released[-1]:
        yield f"{version} is not above {released[-1]}, the last tag"
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
    listed = tomllib.loads((root / "tests/releases.toml").read_text(encoding="utf-8"))["release"]
    for tag in map(str, released):
        if tag not in {release["version"] for release in listed}:
            yield f"tests/releases.toml: {tag} is tagged, and not listed"
    yield from migrations(root, listed[-1]["commit"], version, Version(listed[-1]["version"]))


def migrations(root: Path, last: str, version: Version, before: Version) -> Iterator[str]:
    """Questions of the last release that are gone: only a major version may, and copier.yml has to migrate them."""
    settings = yaml.safe_load((root / "copier.yml").read_text(encoding="utf-8").split("\n---\n")[0])
    migrated = str(settings.get("_migrations", ""))
    asked = {name for file in (root / "questions").glob("*.yml") for name in yaml.safe_load(file.read_text())}
    for file in git(root, "ls-tree", "--name-only", f"{last}:questions").split():
        for name in yaml.safe_load(git(root, "show", f"{last}:questions/{file}")):
            if name not in asked and name not in migrated:
                yield f"copier.yml: the question {name} is gone since {before}, and no migration names it"
            elif name not in asked and version.major == before.major and before.major:
                yield f"the question {name} is gone since {before}: that takes a major version"


def main() -> int:
    version = os.environ.get("VERSION", "")
    found = list(faults(ROOT, version, datetime.now(tz=UTC).date().isoformat()))
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    for check in (["make", "lint"], ["make", "test"], [sys.executable, "docs/reference.py", "--check"]):
        if subprocess.run(check, cwd=ROOT, check=False, env=os.environ | {"CI": "true"}).returncode:
            print(f"{' '.join(check)} failed: nothing is tagged", file=sys.stderr)
            return 1
    git(ROOT, "tag", "--annotate", version, "--message", f"Release {version}")
    print(f"Tagged {version}. Next: git push origin {version}; list it in tests/releases.toml.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
