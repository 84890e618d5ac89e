"""The audit fails for a known vulnerability, and never passes where nobody could be asked."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest
from packaging.requirements import Requirement

from tests import audit

Done = CompletedProcess[str]
KNOWN = CompletedProcess("", 1, "Name   Version ID\njinja2 3.1.2   PYSEC-2024-1\n", "Found 5 known vulnerabilities\n")
CLEAN = CompletedProcess("", 0, "", "No known vulnerabilities found\n")
# What pip-audit says of a service that has nothing of the release, of one that is not there, and of a mirror.
SILENT = {
    "absent": CompletedProcess("", 1, "", "ERROR:pip_audit._cli:jinja2: Dependency not found on PyPI\n"),
    "away": CompletedProcess("", 1, "", "Traceback (most recent call last):\nConnectionError: no route\n"),
    "mirror": CLEAN,
}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Done]:
    """What pip-audit says of each file, by its name; of any other that it is clean. Nothing is resolved."""
    said = {"control.txt": KNOWN}
    monkeypatch.setattr(audit, "pip_audit", lambda file, *_: said.get(file.name, CLEAN))
    monkeypatch.setattr(audit, "resolved", lambda _, scratch: scratch / "connectors.txt")
    return said


def test_clean_locks_pass(answers: dict[str, Done], capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main([]) == 0
    locks = [f"{lock.name}: clean" for lock in sorted(audit.LOCKS.glob("*.txt"))]
    assert capsys.readouterr().out.splitlines() == [*locks, "connectors.txt: clean"]


@pytest.mark.parametrize("file", ["tools.txt", "connectors.txt"])
def test_known_vulnerability_fails_and_is_shown(
    file: str, answers: dict[str, Done], capsys: pytest.CaptureFixture[str]
) -> None:
    answers[file] = KNOWN
    assert audit.main(["--where-reachable"]) == 1
    assert "PYSEC-2024-1" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "status"), [([], 3), (["--where-reachable"], 0)])
@pytest.mark.parametrize("service", SILENT)
def test_service_without_advisories_is_said_and_passes_only_where_that_was_asked_for(
    service: str, arguments: list[str], status: int, answers: dict[str, Done], capsys: pytest.CaptureFixture[str]
) -> None:
    answers["control.txt"] = SILENT[service]
    assert audit.main(arguments) == status
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("audit: NOT DONE: of jinja2==3.1.2, which has advisories, pip-audit learns none: ")
    assert SILENT[service].stderr.splitlines()[-1] in said.err


def test_what_connectors_require_is_read_from_where_it_is_written(template: Path) -> None:
    required = audit.required(template)
    # A driver, what comes beside one, an extra of a capability, and what a package is built and tested with.
    assert {"psycopg2-binary", "redshift-connector", "fastavro", "hatchling", "pytest", "build"} <= {
        Requirement(one).name for one in required
    }
    assert not any("openmetadata-ingestion" in one for one in required)
