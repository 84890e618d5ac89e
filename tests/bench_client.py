"""The second half of `make bench`: what long lists, and lists below many records, cost an emitted client."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import copier

from tests.support import paced
from tests.support.load import ANSWERS, PAGE, read
from tests.support.python import Warm

ROOT = Path(__file__).resolve().parent.parent
PAGES, DELAY = 100, 0.2
BUDGET = 1.1

# Parents with a list each, how many of these lists are read at a time, and what that has to gain and may cost.
PARENTS, AT_A_TIME, FASTER, MEMORY = 500, 8, 6, 1.2


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
        children(warm, Path(folder) / "paced")


def children(warm: Warm, home: Path) -> None:
    """Lists below many records, read one after the other and several at a time."""
    source = paced.package(ROOT, home)
    with paced.SlowApi(PARENTS, delay=DELAY) as api:
        one, many = (paced.read(source, warm, api, count) for count in (1, AT_A_TIME))
    faster, memory = one.seconds / many.seconds, many.peak / one.peak
    print(f"{PARENTS} lists below others, from a server that takes {DELAY * 1000:.0f} ms each:")
    print(f"  one at a time   {one.seconds:6.1f} s   peak {one.peak / 1024:7.0f} KiB")
    print(f"  {AT_A_TIME} at a time     {many.seconds:6.1f} s   peak {many.peak / 1024:7.0f} KiB")
    is_good = faster >= FASTER and memory <= MEMORY and one.found == many.found
    said = "within" if is_good else "over"
    print(f"  {faster:.1f} times as fast, {memory:.2f} of the memory   {said} the budget of {FASTER} and {MEMORY}")


if __name__ == "__main__":
    main()
