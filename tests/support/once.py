"""What is slow to get and the same each time, got once by whichever test process comes first, and checked then."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that `make` has filled, now or before; processes wait for each other. What fails leaves none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            scratch = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            make(scratch)
            scratch.rename(folder)
    return folder


def expect(contents: bytes, digest: str, name: str) -> None:
    """Raises ValueError where the SHA-256 of what was got under a name is another one than is known."""
    if (found := hashlib.sha256(contents).hexdigest()) != digest:
        raise ValueError(f"{name}: its SHA-256 is {found}, where {digest} is known: it is not what it was")


def expect_files(folder: Path, sums: Path) -> None:
    """Raises ValueError unless a folder holds what a file of `sha256sum` lists, and nothing else."""
    known = {name: digest for digest, name in (line.split() for line in sums.read_text(encoding="utf-8").splitlines())}
    if unlike := {file.name for file in folder.iterdir()} ^ set(known):
        raise ValueError(f"{sums.name}: {', '.join(sorted(unlike))} was got or is listed, but not both")
    for name, digest in known.items():
        expect((folder / name).read_bytes(), digest, name)
