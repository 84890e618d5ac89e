"""What is installed is locked: each lock is whole, names no address, and fits what it is made of."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests import audit
from tests.conftest import ROOT
from tests.support.once import expect_files
from tests.support.render import EMPTY, Renderer

LOCKS = sorted(audit.LOCKS.glob("*.txt"))
EACH = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# What each lock is made of: requirements of pyproject.toml, or a file of them.
SOURCES = {
    "tools": [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]],
    "docs": PROJECT["dependency-groups"]["docs"],
    "audit": PROJECT["dependency-groups"]["audit"],
} | {
    file.stem: [line for line in file.read_text().splitlines() if not line.startswith("#")]
    for file in audit.LOCKS.glob("*.in")
}


def pins(lock: Path) -> dict[str, list[Version]]:
    """The versions of each package; more than one where they differ by platform or Python."""
    found: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(Version(version))
    return found


def test_every_environment_has_a_lock() -> None:
    assert {lock.stem for lock in LOCKS} == set(SOURCES)


@EACH
def test_each_release_is_pinned_and_has_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=[\w.-]+)", re.sub(r"^ *#.*\n", "", lock.read_text(), flags=re.MULTILINE).strip())
    assert len(entries) == sum(map(len, pins(lock).values()))
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@EACH
def test_lock_names_no_address_and_no_place(lock: Path) -> None:
    options = re.findall(r"^-.*", lock.read_text(), re.MULTILINE)
    addresses = re.findall(r".*(?:://|@ |file:|/home/|/tmp/).*", lock.read_text())
    assert (options, addresses) == ([], [])


@EACH
def test_lock_fits_what_it_is_made_of(lock: Path) -> None:
    locked = pins(lock)
    unfit = [
        text
        for text in SOURCES[lock.stem]
        if not (requirement := Requirement(text)).specifier.contains(
            max(locked.get(canonicalize_name(requirement.name), [Version("0")])), prereleases=True
        )
        or canonicalize_name(requirement.name) not in locked
    ]
    assert unfit == [], "run `make lock`, and commit what it writes"


@pytest.mark.parametrize("name", ["docs", "audit"])
def test_what_is_installed_into_the_tools_leaves_them_as_they_are(name: str) -> None:
    tools, locked = pins(audit.LOCKS / "tools.txt"), pins(audit.LOCKS / f"{name}.txt")
    assert {package: locked[package] for package in tools.keys() & locked.keys()} == {
        package: tools[package] for package in tools.keys() & locked.keys()
    }


def test_what_packages_are_built_with_is_locked(template: Path) -> None:
    file = "{{only.package}}/pyproject.toml.jinja"
    project = tomllib.loads(Renderer(template).text(file, EMPTY))
    named = {canonicalize_name(Requirement(text).name) for text in project["build-system"]["requires"]}
    assert named <= set(pins(audit.LOCKS / "build.txt"))


def test_node_packages_are_locked_with_hashes_and_without_addresses() -> None:
    folder = ROOT / "tests/support/node"
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == json.loads((folder / "package.json").read_text())["dependencies"]
    assert [name for name, facts in packages.items() if not facts["integrity"].startswith("sha512-")] == []
    assert [name for name, facts in packages.items() if "resolved" in facts or facts.get("hasInstallScript")] == []


def test_file_that_is_not_as_it_was_is_refused(tmp_path: Path) -> None:
    jars, sums = tmp_path / "jars", tmp_path / "sums"
    jars.mkdir()
    (jars / "a.jar").write_bytes(b"as it was")
    sums.write_text("07c28172e9d80a91fa3e0c1e09e4f05c35c2b8b90ed2d3d5d9f3d39b1a6d1a6f  a.jar\n")
    with pytest.raises(ValueError, match=r"^a\.jar: its SHA-256 is "):
        expect_files(jars, sums)


@pytest.mark.parametrize(("there", "listed"), [(["a.jar", "b.jar"], ["a.jar"]), (["a.jar"], ["a.jar", "b.jar"])])
def test_file_that_is_not_listed_or_not_there_is_refused(there: list[str], listed: list[str], tmp_path: Path) -> None:
    jars, sums = tmp_path / "jars", tmp_path / "sums"
    jars.mkdir()
    for name in there:
        (jars / name).write_bytes(b"")
    sums.write_text("".join(f"{'e3b0c442' * 8}  {name}\n" for name in listed))
    with pytest.raises(ValueError, match=r"^sums: b\.jar was got or is listed, but not both"):
        expect_files(jars, sums)
