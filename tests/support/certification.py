"""The runner of a package, run as its author would."""

from __future__ import annotations

import json
import re
import subprocess
import warnings
from pathlib import Path
from typing import Any

from tests.support.connector import Connector
from tests.support.python import environment


def certify(
    framework: Path, root: Path, *arguments: str, pythonpath: Path | None = None, **secrets: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m certification` of a package in the framework's interpreter; its sources are imported as they are.

    `pythonpath` is imported from instead, where it is installed. `secrets` are variables of the environment.

    In three of five whole runs of the tests, and never alone, the first ingestion of a package ended with status 1, and
    nobody knows why yet. Where nothing else failed it is asked once more, with a warning that says what it printed.
    """
    done = _run(framework, root, *arguments, pythonpath=pythonpath, **secrets)
    failed = re.findall(r"^failed +(\S+): (\S+): (.*)$", done.stdout, re.MULTILINE)
    if failed and {test for _, test, _ in failed} == {"tests/test_contract.py::test_what_arrives_is_valid"}:
        warnings.warn(f"certified once more: {failed[0][2][-300:]}", stacklevel=2)
        return _run(framework, root, *arguments, pythonpath=pythonpath, **secrets)
    return done


def _run(
    framework: Path, root: Path, *arguments: str, pythonpath: Path | None, **secrets: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(framework), "-W", "ignore", "-m", "certification", *arguments],
        cwd=root,
        env=environment([pythonpath or root / "src"], **secrets),
        capture_output=True,
        text=True,
        timeout=300,
    )


def assert_certified_with(
    connector: Connector, framework: Path, workflow: dict[str, Any], scratch: Path, **secrets: str
) -> None:
    """A package is certified, with the real source that a workflow leads to, and its report holds no secret."""
    file = scratch / "workflow.yaml"
    file.write_text(json.dumps(workflow), encoding="utf-8")
    named = {f"{connector.name}_{secret}".upper(): value for secret, value in secrets.items()}
    done = certify(framework, connector.root, "--source", str(file), pythonpath=connector.pythonpath, **named)
    assert done.returncode == 0, done.stdout + done.stderr
    report = (connector.root / "certification/certification_report.json").read_text()
    checks = [check for check in json.loads(report)["checks"] if check["id"].startswith("source.")]
    assert [(check["id"], check["outcome"]) for check in checks] == [
        (f"source.{name}", "passed") for name in ("entities", "idempotent_rerun", "secret_redaction")
    ]
    assert all(check["tests"] for check in checks)
    assert not any(secret in report + done.stdout for secret in secrets.values())
