"""Runs the tests, and makes of their outcomes those of the checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from certification.manifest import ROOT, checks, digest, of_real_source
from certification.report import FAILED, NOT_RUN, PASSED, Check, Report

# How many lines of pytest's own words are shown where it could not begin.
LINES = 5


@dataclass(frozen=True)
class Outcome:
    """How a test went, for how many seconds, why, and what it measured."""

    outcome: str
    seconds: float
    reason: str
    measured: dict[str, Any]


@dataclass(frozen=True)
class Tests:
    """The outcomes of tests by their ids, and why they ended before they were through; empty where they did not."""

    outcomes: dict[str, Outcome]
    broken: str

    def of(self, test: str) -> dict[str, Outcome]:
        """The outcomes of a test: several where it has parameters."""
        return {name: one for name, one in self.outcomes.items() if name == test or name.startswith(f"{test}[")}


def certify(manifest: dict[str, Any], source: Path | None) -> Report:
    """Run every check; with `source`, a workflow, those that hold for any source once more for that one."""
    started_at, started = datetime.now(timezone.utc), time.monotonic()
    inputs = digest(manifest)
    tests = run_tests()
    found = [judge(name, title, section["required_tests"], tests) for name, title, section in checks(manifest)]
    run: dict[str, Any] = {"measured": measured(tests)}
    if source:
        gates = of_real_source(manifest)
        named = [test for gate in gates.values() for test in gate["required_tests"]]
        real = run_tests("--source", str(source.resolve()), *named)
        found += [judge(f"source.{name}", gate["title"], gate["required_tests"], real) for name, gate in gates.items()]
        run["measured_of_source"] = measured(real)
    run |= {"started_at": started_at.isoformat(timespec="seconds"), "seconds": round(time.monotonic() - started, 3)}
    return Report(
        contract_version=manifest["contract_version"],
        distribution=manifest["plugin"]["distribution"],
        version=installed(manifest["plugin"]["distribution"]),
        kind=manifest["kind"],
        service_type=manifest.get("service_type"),
        status=manifest["status"],
        framework=installed("openmetadata-ingestion"),
        python=".".join(map(str, sys.version_info[:3])),
        source=source.name if source else None,
        inputs=inputs,
        checks=found,
        run=run,
        path=manifest["evidence"]["report"],
        summary=manifest["evidence"]["summary"],
    )


def judge(name: str, title: str, required: list[str], tests: Tests) -> Check:
    """A check by its required tests; one that names none is about all of them."""
    outcomes: dict[str, Outcome] = {}
    reason, outcome = "", PASSED
    for test in required or [""]:
        found = tests.of(test) if test else tests.outcomes
        outcomes |= found
        failed = [(one, each.reason) for one, each in found.items() if each.outcome == FAILED]
        skipped = [(one, each.reason) for one, each in found.items() if each.outcome == NOT_RUN]
        if not found or tests.broken:
            skipped.append((test, tests.broken or "there is no such test"))
        for worst, several in ((FAILED, failed), (NOT_RUN, skipped)):
            if several and outcome != FAILED:
                outcome, reason = worst, ": ".join(filter(None, several[0]))
                break
    return Check(name, title, outcome, reason, {one: each.outcome for one, each in sorted(outcomes.items())})


def run_tests(*arguments: str) -> Tests:
    """Run pytest in a process of its own, with this folder's recorder."""
    with tempfile.TemporaryDirectory(prefix="certification-") as folder:
        record = Path(folder, "outcomes.jsonl")
        command = [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors"]
        command += ["-p", "no:cacheprovider", "-p", "certification.recorder"]
        environment = os.environ | {"CERTIFICATION_RECORD": str(record), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
        lines = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    outcomes = {}
    for line in lines:
        known = json.loads(line)
        name = known.pop("id")
        outcomes[name] = Outcome(**known)
    # Of pytest's exit codes, 0 and 1 are those of tests that were all run.
    said = " ".join((done.stdout + done.stderr).split("\n")[-LINES:])
    return Tests(outcomes, "" if done.returncode in (0, 1) else f"pytest ended with {done.returncode}: {said.strip()}")


def measured(tests: Tests) -> dict[str, Any]:
    """What tests took and measured, by their names without folders."""
    return {
        name.rpartition("/")[2]: {"seconds": round(one.seconds, 3)} | one.measured
        for name, one in sorted(tests.outcomes.items())
        if one.measured
    }


def installed(distribution: str) -> str | None:
    """The version of a distribution; None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
