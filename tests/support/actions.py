"""Workflows of GitHub Actions on this machine: what lints them, and a runner for the commands in them.

The runner runs a job's `run` steps one after another, as GitHub's does for bash; it does not run `uses`, and knows
of expressions what the workflows here use. `gh` is a stand-in that notes what it is asked and what it is given.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

# Notes each call with the files that it is given; `pr list` answers with PROPOSED.
GH = """\
#!/usr/bin/env bash
echo "$*" >> "$CALLS"
[ "$1 $2" != "pr list" ] || echo "${PROPOSED:-0}"
while [ $# -gt 0 ]; do
  [ "$1" != --body-file ] || cat "$2" >> "$CALLS"
  shift
done
"""


class Runner:
    """Runs one job's commands in `folder`, with `secrets` by name; `env` is added to the environment of each."""

    def __init__(self, folder: Path, scratch: Path, env: dict[str, str], secrets: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.scratch = scratch
        self.secrets = secrets or {}
        self.outputs: dict[str, str] = {}
        self.calls = scratch / "calls"
        tools = scratch / "tools"
        tools.mkdir(parents=True)
        (tools / "gh").write_text(GH)
        (tools / "gh").chmod(0o755)
        own = {"RUNNER_TEMP": str(scratch), "CALLS": str(self.calls)}
        self.env = os.environ | env | own | {"PATH": f"{tools}:{env.get('PATH', os.environ['PATH'])}"}

    def run(self, workflow: str) -> subprocess.CompletedProcess[str]:
        """Run the only job of a workflow, given as text, but not what it installs. Gives the last step that ran."""
        ((_, job),) = yaml.safe_load(workflow)["jobs"].items()
        done = subprocess.CompletedProcess("", 0, "", "")
        for step in job["steps"]:
            wanted = "if" not in step or self._value(step["if"])
            if not wanted or "run" not in step or step["run"].startswith("pip install "):
                continue
            done = self._step(step)
            if done.returncode:
                break
        return done

    @property
    def asked(self) -> str:
        """What `gh` was asked, with the text of the pull request."""
        return self.calls.read_text() if self.calls.is_file() else ""

    def _step(self, step: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        output = self.scratch / "output"
        output.write_text("")
        env = {name: self._filled(str(value)) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "-e", "-c", self._filled(step["run"])],
            cwd=self.folder,
            env=self.env | {"GITHUB_OUTPUT": str(output)} | env,
            capture_output=True,
            text=True,
        )
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            self.outputs[f"steps.{step['id']}.outputs.{key}"] = value
        return done

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: self._value(match[1]), text)

    def _value(self, expression: str) -> str:
        """What an expression comes to: a look-up, `a || b`, or `a == 'text'` and `a != 'text'`; false is empty."""
        if " || " in expression:
            return next((value for part in expression.split(" || ") if (value := self._value(part))), "")
        if compared := re.fullmatch(r"(\S+) (==|!=) '(.*)'", expression):
            same = self._value(compared[1]) == compared[3]
            return "true" if same == (compared[2] == "==") else ""
        kind, _, name = expression.partition(".")
        if kind == "secrets":
            return self.secrets.get(name, "")
        return self.outputs.get(expression, "") if kind == "steps" else {"github.token": "given"}[expression]
