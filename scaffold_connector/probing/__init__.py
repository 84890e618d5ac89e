"""`scaffold-connector probe`: asks a live system what the answers say of it, and reports where they do not fit.

It only reads: GET, and POST where a list of the map or its login is one. Python has it as `probe`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scaffold_connector.probing.report import Report
    from scaffold_connector.probing.source import Source

# Requests that are sent at most, and seconds that each may take, where nothing else is said.
REQUESTS = 30
SECONDS = 30.0


def run(words: Sequence[str]) -> int:
    """The command: 0 where nothing is wrong, 1 where something is, 2 for wrong flags or answers, which it raises."""
    import warnings

    from scaffold_connector.probing import arguments, show
    from scaffold_connector.probing.report import WRONG
    from scaffold_connector.report import stage

    warnings.simplefilter("ignore")
    asked = arguments.parse(words)
    with stage("Probing"):
        report = probe(
            asked.answers,
            asked.options,
            requests=asked.requests,
            timeout=asked.timeout,
            write=asked.write,
            redact=asked.redact,
            template=asked.template,
            ref=asked.ref,
            spoken=True,
        )
    sys.stdout.write(show.as_json(report) if asked.json else show.as_text(report, show.width()))
    return 1 if report.verdict == WRONG else 0


def probe(
    answers: str | Path,
    options: Mapping[str, str],
    *,
    requests: int = REQUESTS,
    timeout: float = SECONDS,
    write: bool = False,
    redact: bool = False,
    template: str | None = None,
    ref: str | None = None,
    spoken: bool = False,
) -> Report:
    """Probe the source that a file of answers is for, and say what fits.

    `options` are those of a package's `connectionOptions`, by their names; a value may be `env:NAME` or `file:PATH`.
    At most `requests` are sent, each of which may take `timeout` seconds. With `write` the file is mended where that is
    sure. Nothing in the report is a secret; with `redact` it has no values of the source at all. `template` and `ref`
    are another template than the one of this installation. `spoken` refuses secrets that are given as they are, as the
    command does.

    Raises `Wrong` with a line for each answer or option that is wrong, and `Failed` where the template can't be had.
    """
    from scaffold_connector.probing.source import read

    file = Path(answers)
    source = read(file, str(answers), template, ref)
    return probe_source(
        source,
        file,
        options,
        requests=requests,
        timeout=timeout,
        redact=redact,
        spoken=spoken,
        check=(lambda text: read_text(text, template, ref)) if write else None,
    )


def probe_source(
    source: Source,
    file: Path,
    options: Mapping[str, str],
    *,
    requests: int = REQUESTS,
    timeout: float = SECONDS,
    redact: bool = False,
    spoken: bool = False,
    check: Callable[[str], None] | None = None,
) -> Report:
    """Probe a source whose answers were read already. With a `check` of answers, their file is mended."""
    from scaffold_connector.probing import mend
    from scaffold_connector.probing.asking import Asker
    from scaffold_connector.probing.filling import Filler
    from scaffold_connector.probing.lists import Lists
    from scaffold_connector.probing.options import settle
    from scaffold_connector.probing.report import WRONG, Line, Report
    from scaffold_connector.probing.secrets import Secrets
    from scaffold_connector.probing.show import safe
    from scaffold_connector.probing.signing import Refused, sign_in
    from scaffold_connector.probing.wire import Spent, Wire

    secrets = Secrets()
    settled = settle(source, options, secrets, spoken)
    known = {"hostPort": settled.address, **settled.own}
    items = {listed.item: source.items.get(name, ()) for name, listed in source.api.lists.items()}
    filler = Filler(
        (source.api.headers, source.api.query),
        {"options": known, "auth": settled.credentials},
        items,
        source.words["properties"],
    )
    wire = Wire(settled.address, requests, timeout, secrets)
    report = Report(source.title, settled.address, requests, file=str(file))
    asker = Asker(source, wire, filler)
    try:
        report.sign_in = sign_in(source, settled, wire, filler, secrets)
        asker.ask()
    except Refused as refused:
        report.sign_in = [Line("sign in", WRONG, str(refused))]
        for seen in asker.seen.values():
            seen.why = "nobody is signed in"
    except Spent:
        report.sign_in = [Line("sign in", WRONG, "no request was left to sign in: give more with --requests")]
    lists = Lists(asker, known)
    report.lists = [lists.report(seen) for seen in asker.seen.values()]
    wire.close()
    report.requests = wire.sent
    if check:
        mend.mend(report, source, file, check)
    return safe(report, secrets, redact)


def read_text(text: str, template: str | None, ref: str | None) -> None:
    """Read answers that are about to be written, as the template would. Raises `Wrong`."""
    import tempfile

    from scaffold_connector.probing.source import read

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.yml"
        file.write_text(text, encoding="utf-8")
        read(file, "the mended answers", template, ref)
