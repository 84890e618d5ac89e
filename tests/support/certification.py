"""The runner of a package, run as its author would."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.connector import Connector
from tests.support.python import environment

# Where CI takes the logs of failing runs from.
LOGS = Path(__file__).resolve().parents[2] / ".cache/failed-runs"


def certify(
    framework: Path, root: Path, *arguments: str, pythonpath: Path | None = None, **secrets: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m certification` of a package in the framework's interpreter; its sources are imported as they are.

    `pythonpath` is imported from instead, where it is installed. `secrets` are variables of the environment. The log of
    each run that fails is kept in LOGS.
    """
    secrets.setdefault("CERTIFICATION_LOGS", str(LOGS))
    return subprocess.run(
        [str(framework), "-W", "ignore", "-m", "certification", *arguments],
        cwd=root,
        env=environment([pythonpath or root / "src"], **secrets),
        capture_output=True,
        text=True,
        timeout=1200,  # a hung run is ended; a machine that is four times slower is not hung
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
    assert json.loads(report)["verdict"] == "certified"
    assert [(check["id"], check["outcome"]) for check in checks] == [
        (f"source.{name}", "passed") for name in ("entities", "idempotent_rerun", "secret_redaction")
    ]
    assert all(check["tests"] for check in checks)
    assert not any(secret in report + done.stdout for secret in secrets.values())
