"""Fills an empty Superset and serves it: `python superset_server.py PORT`, its settings in SUPERSET_CONFIG_PATH.

The tables are made from Superset's own models: its migrations, one after the other, take a minute.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from flask_appbuilder import Model
from superset.app import create_app
from werkzeug.serving import WSGIRequestHandler, make_server

DASHBOARDS = 65
CHARTS = 70
DATASETS = 62

# What the user may do: no more than the connector needs.
PERMISSIONS = [
    ("can_read", "Dashboard"),
    ("can_read", "Chart"),
    ("can_read", "Dataset"),
    ("all_datasource_access", "all_datasource_access"),
]

KINDS = [
    *("table", "big_number_total", "dist_bar", "pie", "echarts_timeseries_line", "box_plot", "histogram_v2"),
    *("pivot_table_v2", "echarts_area", "gauge_chart", "sankey_v2", "word_cloud", "bubble_v2", "heatmap_v2", "line"),
]

TYPES = ["BIGINT", "VARCHAR(40)", "DOUBLE PRECISION", "TIMESTAMP WITHOUT TIME ZONE", "BOOLEAN", "NUMERIC(10, 2)", None]


def fill() -> None:
    """Make the tables, the users and what they have made."""
    from superset.connectors.sqla.models import SqlaTable, TableColumn
    from superset.extensions import db
    from superset.extensions import security_manager as security
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    Model.metadata.create_all(db.engine)
    role = security.add_role("Reader")
    for permission, view in PERMISSIONS:
        security.add_permission_role(role, security.add_permission_view_menu(permission, view))
    user = security.add_user(
        os.environ["SUPERSET_USER"], "Open", "Metadata", "reader@example.com", role, os.environ["SUPERSET_PASSWORD"]
    )
    people = [
        security.add_user(f"user{n}", f"Zoë{n}", "O'Neil", f"user{n}@example.com", role, os.urandom(12).hex())
        for n in range(3)
    ]

    database = Database(database_name="warehouse", sqlalchemy_uri="sqlite:///warehouse.db")
    db.session.add(database)
    db.session.flush()
    datasets = []
    for n in range(DATASETS):
        dataset = SqlaTable(
            table_name=f"orders_{n:02}",
            schema="main",
            database=database,
            description=f"Orders of *part* {n}, größer als <1> €." if n % 3 else None,
            sql=f"SELECT id, label FROM orders WHERE part = {n}" if n % 4 == 0 else None,
            owners=[people[n % 3]] if n % 5 else [],
        )
        for column in range(1 + n % 8):
            kind = TYPES[column % len(TYPES)]
            dataset.columns.append(
                TableColumn(
                    column_name=f"column {column}",
                    type=kind,
                    is_dttm=bool(kind and kind.startswith("TIME")),
                    verbose_name=f"The {column}. column" if column % 2 else None,
                    description=f"Column {column} of dataset {n}" if column % 3 else None,
                )
            )
        datasets.append(dataset)
    db.session.add_all(datasets)
    db.session.flush()

    charts = [
        Slice(
            # two have the same name
            slice_name=f'Chart {max(n, 1)}: "sales" & more',
            viz_type=KINDS[n % len(KINDS)],
            datasource_id=datasets[n % DATASETS].id,
            datasource_type="table",
            datasource_name=f"main.{datasets[n % DATASETS].table_name}",
            description=f"What chart {n} shows" if n % 2 else None,
            params=json.dumps({"viz_type": KINDS[n % len(KINDS)], "datasource": f"{datasets[n % DATASETS].id}__table"}),
            owners=[people[n % 3]] if n % 4 else [],
        )
        for n in range(CHARTS)
    ]
    db.session.add_all(charts)
    db.session.flush()

    for n in range(DASHBOARDS):
        # The first has more charts than fit on a page, the second has none, and the last chart is on no dashboard.
        shown: list[Any] = charts[:30] if n == 0 else [] if n == 1 else [charts[n], charts[(n * 2) % (CHARTS - 1)]]
        db.session.add(
            Dashboard(
                dashboard_title=f"Dashboard {n}: Überblick",
                slug=f"board-{n}" if n % 2 else None,
                published=n != 7,
                # Drafts, and dashboards without charts, are shown to none but their owners.
                owners=[user] if n in (1, 7) else people[: n % 3],
                slices=list(dict.fromkeys(shown)),
            )
        )
    db.session.commit()


class Handler(WSGIRequestHandler):
    """Answers over one connection as long as the client likes, as servers in front of Superset do."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Each request on a line of its own, without colours."""
        print(f"answered {code} {self.command} {self.path}", flush=True)


def main(port: int) -> None:
    app = create_app()
    with app.app_context():
        fill()
    make_server("127.0.0.1", port, app, threaded=True, request_handler=Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
