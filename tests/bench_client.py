"""The second half of `make bench`: what a long list costs an emitted client, in memory and in time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import copier

from tests.support.load import ANSWERS, PAGE, read
from tests.support.python import Warm

ROOT = Path(__file__).resolve().parent.parent
PAGES, DELAY = 100, 0.2
BUDGET = 1.1


def main() -> None:
    framework = Path(os.environ["OPENMETADATA_PYTHON"])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Warm(framework) as warm:
        package = Path(folder) / "out"
        copier.run_copy(str(ROOT), package, data=ANSWERS, defaults=True, unsafe=True, quiet=True, vcs_ref="HEAD")
        print(f"A list of {PAGE} records a page, read by an emitted client:")
        for pages in (1, 10, PAGES):
            load = read(package, warm, pages)
            print(f"  {load.records:6} records   peak {load.peak / 1024:7.0f} KiB   {load.seconds:6.2f} s")
        slow = read(package, warm, PAGES, DELAY)
        ratio = slow.seconds / (PAGES * DELAY)
        verdict = "within" if ratio <= BUDGET else "over"
        print(f"  {PAGES} pages from a server that takes {DELAY * 1000:.0f} ms each   {slow.seconds:6.2f} s")
        print(f"  ratio to the server's own time   {ratio:6.2f}   {verdict} the budget of {BUDGET}")


if __name__ == "__main__":
    main()
