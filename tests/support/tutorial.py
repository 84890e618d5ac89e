"""A shell in which a tutorial is followed to the letter, without its downloads and its virtual environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.python import environment


class Shell:
    """`copier` is the one of the tests, `pip` installs into `site`, and `python` is the framework's interpreter.

    `more` are further commands by their names, each a few lines of shell.
    """

    def __init__(self, scratch: Path, framework: Path, **more: str) -> None:
        self._commands, self.site = scratch / "bin", scratch / "site"
        self._commands.mkdir()
        venv = "mkdir -p .venv/bin && touch .venv/bin/activate"
        commands = {
            "copier": f'exec {sys.executable} -m copier "$@"',
            "pip": f'exec uv pip install --quiet --python {framework} --target {self.site} --no-deps "$2"',
            "python": f'[ "$1 $2" = "-m venv" ] && {{ {venv}; exit; }}\nexec {framework} -W ignore "$@"',
        }
        for name, lines in (commands | more).items():
            file = self._commands / name
            file.write_text(f"#!/bin/sh\n{lines}\n")
            file.chmod(0o755)

    def follow(self, commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run commands in a folder. AssertionError, with what they said, where one of them fails."""
        path = f"{self._commands}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = environment([self.site] if self.site.exists() else [], PATH=path)
        done = subprocess.run(
            ["bash", "-ec", commands], cwd=folder, env=env, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done
