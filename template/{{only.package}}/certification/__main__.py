"""The command: runs every check that certification.yaml names, writes the report, and says whether it is certified.

Exit status: 0 certified, 1 not certified, 2 not able to say.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from certification.checks import certify
from certification.manifest import ManifestError, load
from certification.report import Report, ReportError, verify


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
            if options.source and not any(gate["of_real_source"] for gate in manifest["gates"].values()):
                raise ManifestError("--source: nothing is shown of a real source here; leave it out")
            report = certify(manifest, options.source)
            report.write()
    except (ManifestError, ReportError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ManifestError) else 1
    tell(report)
    return 0 if report.is_certified else 1


def tell(report: Report) -> None:
    """Print a line for each check, and what follows from them."""
    for check in report.checks:
        print(f"{check.outcome:8} {check.id}{': ' + check.reason if check.reason else ''}")
    verdict = "certified" if report.is_certified else "not certified"
    print(f"{verdict}: {report.distribution}, see {report.path}")


if __name__ == "__main__":
    sys.exit(main())
