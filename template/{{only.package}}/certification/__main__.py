"""The command: runs every check that certification.yaml names, writes the report, and says what follows.

Exit status: 0 where every check passed, 1 where one did not, 2 where nothing can be said. With a real source, by
`--source`, what passed is certified; without one, the self-test passed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from certification.checks import certify
from certification.manifest import ManifestError, load, of_real_source
from certification.report import NOT_CERTIFIED, SELF_TEST_PASSED, Report, ReportError, verify


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m certification", description="Certify this package.")
    parser.add_argument(
        "--source",
        metavar="WORKFLOW",
        type=Path,
        help="show the contract of the real source of a workflow, too, such as workflows/metadata.yaml",
    )
    parser.add_argument("--verify", action="store_true", help="run nothing: look whether the report is whole and fits")
    options = parser.parse_args(arguments)
    try:
        manifest = load()
        if options.verify:
            report = verify(manifest)
        else:
            if options.source and not options.source.is_file():
                raise ManifestError(f"{options.source}: there is no such workflow")
            if options.source and not of_real_source(manifest):
                raise ManifestError("--source: nothing is shown of a real source here; leave it out")
            report = certify(manifest, options.source)
            report.write()
    except (ManifestError, ReportError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ManifestError) else 1
    tell(report)
    if report.verdict == SELF_TEST_PASSED and of_real_source(manifest):
        print("No real source was read: --source WORKFLOW reads one, and certifies.", file=sys.stderr)
    return 1 if report.verdict == NOT_CERTIFIED else 0


def tell(report: Report) -> None:
    """Print a line for each check, and what follows from them."""
    for check in report.checks:
        print(f"{check.outcome:8} {check.id}{': ' + check.reason if check.reason else ''}")
    print(f"{report.verdict}: {report.distribution}, see {report.path}")


if __name__ == "__main__":
    sys.exit(main())
