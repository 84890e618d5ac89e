"""A real Apache Superset for tests: filled with dashboards, charts and datasets that a user may only read."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import served
from tests.support.openmetadata import RecordingServer
from tests.support.served import INSIDE, Served, ask

Json = dict[str, Any]

NAME = "superset"

CONFIG = """
from datetime import timedelta

SECRET_KEY = {secret!r}
SQLALCHEMY_DATABASE_URI = {database!r}
JWT_ACCESS_TOKEN_EXPIRES = timedelta(seconds={token_seconds})
RATELIMIT_ENABLED = False
TALISMAN_ENABLED = False
"""

# What OpenMetadata calls the kinds of charts that `inside/superset_server.py` makes; the others have no name there.
CHART_TYPES = {
    "table": "Table",
    "pivot_table_v2": "Table",
    "big_number_total": "Text",
    "dist_bar": "Bar",
    "pie": "Pie",
    "line": "Line",
    "echarts_timeseries_line": "Line",
    "echarts_area": "Area",
    "box_plot": "BoxPlot",
    "histogram_v2": "Histogram",
    "gauge_chart": "Gauge",
    "sankey_v2": "SanKey",
    "bubble_v2": "Scatter",
    "heatmap_v2": "Heatmap",
}

# The data types of OpenMetadata for those of the columns, by the word before a parenthesis.
COLUMN_TYPES = {
    "BIGINT": "BIGINT",
    "VARCHAR": "VARCHAR",
    "DOUBLE PRECISION": "DOUBLE",
    "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP",
    "BOOLEAN": "BOOLEAN",
    "NUMERIC": "NUMERIC",
    None: "UNKNOWN",
}


@dataclass(frozen=True)
class Superset(served.Reader):
    """A running Superset, and who may read it."""

    def sign_in(self) -> str:
        """A token of the user."""
        body = {"username": self.user, "password": self.password, "provider": "db"}
        return str(ask(f"{self.url}/api/v1/security/login", body)["access_token"])

    def call(self, path: str, token: str) -> Any:
        """What the API answers the user who has a token."""
        return ask(f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"})

    def requests(self) -> list[str]:
        """The requests that the server has answered, as "200 GET /api/v1/chart/?q=(page:0)"."""
        return [line.removeprefix("answered ") for line in self.served.log.splitlines() if line.startswith("answered ")]

    def dashboards(self) -> dict[str, Json]:
        """What Superset's own database has of each dashboard, by its id."""
        owners, charts = self._pairs("dashboard_user", "dashboard_id", "u.email"), self._charts()
        return {
            str(id): {
                "title": title,
                "url": f"/superset/dashboard/{slug or id}/",
                "published": bool(published),
                "owners": owners.get(id, []),
                "charts": charts.get(id, []),
            }
            for id, title, slug, published in self._rows("select id, dashboard_title, slug, published from dashboards")
        }

    def charts(self) -> dict[str, Json]:
        """What Superset's own database has of each chart, by its id; `dataset` is the id of one."""
        owners = self._pairs("slice_user", "slice_id", "u.email")
        return {
            str(id): {
                "title": name,
                "kind": kind,
                "description": description,
                "url": f"/explore/?slice_id={id}",
                "dataset": str(dataset),
                "owners": owners.get(id, []),
            }
            for id, name, kind, description, dataset in self._rows(
                "select id, slice_name, viz_type, description, datasource_id from slices"
            )
        }

    def datasets(self) -> dict[str, Json]:
        """What Superset's own database has of each dataset, by its id; its columns are in order."""
        owners = self._pairs("sqlatable_user", "table_id", "u.first_name || ' ' || u.last_name")
        columns: dict[int, list[Json]] = {}
        for id, name, label, kind, description in self._rows(
            "select table_id, column_name, verbose_name, type, description from table_columns order by id"
        ):
            columns.setdefault(id, []).append({"name": name, "label": label, "type": kind, "description": description})
        return {
            str(id): {
                "name": name,
                "description": description,
                "sql": sql,
                "url": f"/explore/?datasource_type=table&datasource_id={id}",
                "owners": owners.get(id, []),
                "columns": columns.get(id, []),
            }
            for id, name, description, sql in self._rows("select id, table_name, description, sql from tables")
        }

    def _charts(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for dashboard, chart in self._rows("select dashboard_id, slice_id from dashboard_slices order by slice_id"):
            found.setdefault(dashboard, []).append(str(chart))
        return found

    def _pairs(self, table: str, of: str, shown: str) -> dict[int, list[str]]:
        """What is shown of the owners, sorted, by the id of what they own."""
        found: dict[int, list[str]] = {}
        for owned, owner in self._rows(f"select t.{of}, {shown} from {table} t join ab_user u on u.id = t.user_id"):
            found[owned] = sorted([*found.get(owned, []), owner])
        return found

    def _rows(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.served.home / 'superset.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()


def install(cache: Path) -> str | None:
    """Make Superset's environment below `cache`, or find it there. Returns what is missing as one line, or None."""
    return served.install(cache, NAME)


@contextmanager
def server(cache: Path, token_seconds: int = 900) -> Iterator[Superset]:
    """A filled Superset whose tokens last some seconds. RuntimeError if it does not start."""
    password = secrets.token_urlsafe(12)

    def environment(home: Path) -> dict[str, str]:
        config = home / "superset_config.py"
        database = f"sqlite:///{home / 'superset.db'}"
        settings = CONFIG.format(secret=secrets.token_urlsafe(42), database=database, token_seconds=token_seconds)
        config.write_text(settings, encoding="utf-8")
        return {
            "SUPERSET_CONFIG_PATH": str(config),
            "SUPERSET_HOME": str(home),
            "SUPERSET_USER": Superset.user,
            "SUPERSET_PASSWORD": password,
        }

    def command(home: Path, port: int) -> list[str]:
        return [str(served.python(cache, NAME)), str(INSIDE / "superset_server.py"), str(port)]

    def answers(running: Served) -> None:
        Superset(running, password=password).sign_in()

    with served.running(NAME, command, answers, environment) as running:
        yield Superset(running, password=password)


def expected(system: Superset, service: str, known: set[str]) -> dict[str, dict[str, Json]]:
    """What OpenMetadata should have of Superset, in the form of `arrived`; as owners, those of the users it knows."""
    dashboards = {id: one for id, one in system.dashboards().items() if one["published"]}
    shown = {chart for one in dashboards.values() for chart in one["charts"]}
    charts = {id: one for id, one in system.charts().items() if id in shown}

    def owners(one: Json) -> list[str]:
        return [name for owner in one["owners"] if (name := owner.partition("@")[0]) in known]

    return {
        "dashboards": {
            id: {
                "displayName": one["title"],
                "description": None,
                "sourceUrl": system.url + one["url"],
                "owners": owners(one),
                "charts": sorted(f"{service}.{chart}" for chart in one["charts"]),
                "dataModels": sorted({f"{service}.model.{charts[chart]['dataset']}" for chart in one["charts"]}),
            }
            for id, one in dashboards.items()
        },
        "charts": {
            id: {
                "displayName": one["title"],
                "description": one["description"],
                "sourceUrl": system.url + one["url"],
                "owners": owners(one),
                "chartType": CHART_TYPES.get(one["kind"], "Other"),
            }
            for id, one in charts.items()
        },
        "dashboard/datamodels": {
            id: {
                "displayName": one["name"],
                "description": one["description"],
                "sourceUrl": system.url + one["url"],
                "sql": one["sql"],
                "columns": [
                    {
                        "name": column["name"],
                        "displayName": column["label"],
                        "description": column["description"],
                        "dataType": COLUMN_TYPES[column["type"] and column["type"].partition("(")[0]],
                    }
                    for column in one["columns"]
                ],
            }
            for id, one in system.datasets().items()
        },
    }


def arrived(server: RecordingServer) -> dict[str, dict[str, Json]]:
    """What OpenMetadata has, by its collection and name, in the form of `expected`."""
    found: dict[str, dict[str, Json]] = {}
    for collection in ("dashboards", "charts", "dashboard/datamodels"):
        found[collection] = {
            entity["name"]: {name: entity.get(name) for name in ("displayName", "description", "sourceUrl")}
            for entity in server.entities(collection)
        }
    for entity in server.entities("dashboards"):
        found["dashboards"][entity["name"]] |= {
            "owners": _names(entity, "owners", "name"),
            "charts": _names(entity, "charts", "fullyQualifiedName"),
            "dataModels": _names(entity, "dataModels", "fullyQualifiedName"),
        }
    for entity in server.entities("charts"):
        found["charts"][entity["name"]] |= {
            "owners": _names(entity, "owners", "name"),
            "chartType": entity.get("chartType"),
        }
    for entity in server.entities("dashboard/datamodels"):
        found["dashboard/datamodels"][entity["name"]] |= {
            "sql": entity.get("sql"),
            "columns": [
                {name: column.get(name) for name in ("name", "displayName", "description", "dataType")}
                for column in entity["columns"]
            ],
        }
    return found


def _names(entity: Json, field_name: str, key: str) -> list[str]:
    return sorted(str(one[key]) for one in entity.get(field_name) or [])
