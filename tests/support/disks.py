"""Commands on a disk that is full or that takes nothing: a small file system in memory, in a mount namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

# What stands in the mounted folder: `project`, and what fills the disk.
_SCRIPT = """
set -e
place=$1 start=$2 left=$3 room=$4; shift 4
mount -t tmpfs -o size=64m none "$place"
cp -a "$start" "$place/project"
cd "$place/project"
if [ "$room" = none ]; then
    mount -o remount,ro "$place"
else
    free=$(df --output=avail -k . | tail -n 1)
    head -c $(((free - room) * 1024)) /dev/zero > ../fill
fi
code=0
"$@" || code=$?
cp -a "$place/project" "$left"
exit $code
"""


@cache
def _namespace() -> tuple[str, ...]:
    for flags in ("--mount", "--map-root-user --mount"):
        command = ("unshare", *flags.split())
        try_it = [*command, "mount", "-t", "tmpfs", "none", "/mnt"]
        if shutil.which("unshare") and subprocess.run(try_it, capture_output=True).returncode == 0:
            return command
    return ()


def missing() -> str | None:
    return None if _namespace() else "a mount namespace is missing: run the tests as root, or allow user namespaces"


def run_on(
    scratch: Path, start: Path, room: int | None, command: Sequence[str], **environment: str
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run a command in a copy of the folder `start`, on a disk with so many KiB left, or that can't be written to.

    Gives what it printed, and a copy of what is in the folder then.
    """
    place, left = scratch / "disk", scratch / "left"
    place.mkdir()
    script = [*_namespace(), "sh", "-c", _SCRIPT, "sh", str(place), str(start), str(left)]
    done = subprocess.run(
        [*script, "none" if room is None else str(room), *command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return done, left
