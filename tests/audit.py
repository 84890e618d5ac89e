"""`make audit`: known vulnerabilities of what is locked, and of what connectors are made to require.

pip-audit asks PyPI's JSON API for the advisories of each release. Where that does not answer, or a mirror answers
without them, pip-audit says that there are none; so it is asked first about a release that has some. With
`--where-reachable`, that nothing could be asked is said and is no failure.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from extensions.catalog import Catalog
from tests.support.render import EMPTY, Renderer

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "tests/locks"

# A release of which advisories are known for certain.
KNOWN = "jinja2==3.1.2"

# Advisories that do not concern us: the reason for each.
ACCEPTED: dict[str, str] = {}


def pip_audit(requirements: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Audit a requirements file as it is, without resolving it; a release that can't be asked about is an error."""
    accepted = [f"--ignore-vuln={advisory}" for advisory in ACCEPTED]
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--progress-spinner=off", *accepted]
    return subprocess.run(
        [*command, *options, f"--requirement={requirements}"], capture_output=True, text=True, check=False
    )


def unreachable(scratch: Path) -> str:
    """Why advisories can't be asked for, as one line; empty where they can."""
    control = scratch / "control.txt"
    control.write_text(f"{KNOWN}\n")
    done = pip_audit(control, "--no-deps")
    if done.returncode == 1 and "jinja2 3.1.2" in done.stdout:
        return ""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip() and "WARNING" not in line]
    return f"of {KNOWN}, which has advisories, pip-audit learns none: {lines[-1] if lines else 'it says nothing'}"


def required(root: Path) -> list[str]:
    """What packages are made to require, but for the framework itself: drivers, extras, what kinds beside connectors
    need, and what they are built and tested with."""
    catalog = Catalog(root / "catalog")
    text = Renderer(root).text("{{only.package}}/pyproject.toml.jinja", EMPTY | {"placement": "package"})
    project = tomllib.loads(text)
    found = {*project["build-system"]["requires"], *project["project"]["optional-dependencies"]["dev"]}
    found |= {*_requirements([catalog.dialects, catalog.capabilities, catalog.kinds, catalog.release])}
    for name, value in catalog.actions.items():
        if name != "actions":
            found |= {value} if isinstance(value, str) else set(value)
    return sorted(one for one in found if Requirement(one).name != "openmetadata-ingestion")


def _requirements(facts: Any) -> Iterator[str]:
    """The requirements in facts of the catalog, wherever they stand."""
    if isinstance(facts, dict):
        for key, value in facts.items():
            if key in ("requirement", "requirements", "besides"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _requirements(value)
    elif isinstance(facts, list):
        for value in facts:
            yield from _requirements(value)


def resolved(requirements: list[str], scratch: Path) -> Path:
    """A requirements file with the newest releases that fit, and all that they need."""
    (scratch / "connectors.in").write_text("\n".join(requirements))
    lock = scratch / "connectors.txt"
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate"]
    subprocess.run([*command, f"--output-file={lock}", str(scratch / "connectors.in")], check=True)
    return lock


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        scratch = Path(folder)
        if why := unreachable(scratch):
            print(f"audit: NOT DONE: {why}. .github/workflows/ci.yml does it.", file=sys.stderr)
            return 0 if "--where-reachable" in arguments else 3
        files = [*sorted(LOCKS.glob("*.txt")), resolved(required(ROOT), scratch)]
        status = 0
        for file in files:
            done = pip_audit(file, "--require-hashes")
            print(f"{file.name}: {'clean' if done.returncode == 0 else 'not clean'}")
            if done.returncode:
                print(done.stdout + done.stderr)
                status = 1
        for advisory, reason in ACCEPTED.items():
            print(f"{advisory} is accepted: {reason}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
