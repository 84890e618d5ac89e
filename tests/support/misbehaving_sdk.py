"""An SDK that misbehaves, as its client's argument `play` says: four dashboards, a chart for each, and a fault."""

from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import Any

Json = dict[str, Any]

DASHBOARDS: list[Json] = [{"id": f"d{number}", "name": f"Dashboard {number}"} for number in (1, 2, 3, 4)]


def raises(records: list[Any], error: BaseException) -> Iterator[Any]:
    yield from records
    raise error


class Unreadable:
    """An object whose fields can't be had."""

    def to_dict(self) -> Json:
        raise RuntimeError("no fields")


# What lists of dashboards are, and those of the charts of the second one.
LISTS: dict[str, Callable[[], Any]] = {
    "raises half-way": lambda: raises(DASHBOARDS[:2], ConnectionError("boom")),
    "raises at once": lambda: raises([], ConnectionError("boom")),
    "the same records for ever": lambda: cycle(DASHBOARDS[:2]),
    "ever new records": lambda: ({"id": f"n{number}"} for number in count()),
    "the same identity twice": lambda: [DASHBOARDS[0], *DASHBOARDS],
    "records without an identity": lambda: [{"colour": "red"}, *DASHBOARDS],
    "null for a list": lambda: None,
    "an object that can't be read": lambda: [*DASHBOARDS[:2], Unreadable()],
}
CHARTS: dict[str, Callable[[], Any]] = {"raises for one parent": lambda: raises([], ConnectionError("boom"))}


class Client:
    def __init__(self, play: str, **_sign_in: str) -> None:
        self._play = play

    def list_dashboards(self) -> Any:
        return LISTS.get(self._play, lambda: DASHBOARDS)()

    def list_charts(self, dashboard: str) -> Any:
        honest: Callable[[], Any] = lambda: [{"id": dashboard.replace("d", "c"), "name": "Chart"}]  # noqa: E731
        return (CHARTS.get(self._play, honest) if dashboard == "d2" else honest)()
