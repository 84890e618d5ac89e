"""Git with an identity of its own, for repositories that tests and measurements make."""

from __future__ import annotations

import subprocess
from pathlib import Path

IDENTITY = ("user.name=test", "user.email=test@example.com", "init.defaultBranch=main")


def git(folder: Path, *arguments: str) -> str:
    """What git prints, run in `folder`. CalledProcessError if it fails."""
    command = ["git", *(part for setting in IDENTITY for part in ("-c", setting)), *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str) -> None:
    """Commit all that is there."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
