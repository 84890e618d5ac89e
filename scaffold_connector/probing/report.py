"""What a probe found: a line for each thing that was looked at, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OK, DOUBT, WRONG, NOT_ASKED = "ok", "doubt", "wrong", "not asked"

# From the best to the worst, as a whole is only as good as its parts.
VERDICTS = (OK, NOT_ASKED, DOUBT, WRONG)

# Sample values of a line, and the characters of each.
SAMPLES = 3
SAMPLE = 40


@dataclass(frozen=True)
class Fix:
    """A change of the map: `keys` lead to the value within the list, and None as a value takes the key out.

    One that is not `sure` is proposed, and not made.
    """

    keys: tuple[str, ...]
    value: Any
    sure: bool = True

    def shown(self) -> str:
        return f"{'.'.join(self.keys)}: {self.value}" if self.value is not None else f"no {'.'.join(self.keys)}"


@dataclass(frozen=True)
class Line:
    """What was found out about one thing of a list. `samples` are values as the source has them."""

    what: str
    verdict: str
    says: str
    samples: tuple[Any, ...] = ()
    fixes: tuple[Fix, ...] = ()


@dataclass
class ListReport:
    """A list of the map: `asked` is its request as the map has it."""

    name: str
    asked: str
    lines: list[Line] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        return worst(line.verdict for line in self.lines)


@dataclass(frozen=True)
class Change:
    """A change that was made in the answers file, or could be: `place` is what was changed in words of the file."""

    place: str
    before: str
    after: str


@dataclass
class Report:
    """The outcome of a probe. `requests` were sent, of at most `limit`.

    `changes` were made in the answers file, `file`, or are empty where it was not to be changed. `unmade` says why a
    change that was sure could not be made.
    """

    title: str
    address: str
    limit: int
    requests: int = 0
    sign_in: list[Line] = field(default_factory=list)
    lists: list[ListReport] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unmade: list[str] = field(default_factory=list)
    written: bool = False
    file: str = ""

    @property
    def verdict(self) -> str:
        return worst([*(line.verdict for line in self.sign_in), *(one.verdict for one in self.lists)])

    @property
    def fixes(self) -> list[tuple[str, Fix]]:
        """What would mend the map, with the list that it is for."""
        return [(one.name, fix) for one in self.lists for line in one.lines for fix in line.fixes]


def worst(verdicts: Any) -> str:
    """The worst of several verdicts; ok where there is none."""
    return max(verdicts, key=VERDICTS.index, default=OK)
