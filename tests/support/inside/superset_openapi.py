"""Prints the OpenAPI document of an empty Superset, as it serves it; its settings are in SUPERSET_CONFIG_PATH."""

from __future__ import annotations

import json
import sys

from flask_appbuilder.api.manager import OpenApi
from superset.app import create_app


def main() -> None:
    app = create_app()
    from superset.extensions import appbuilder

    with app.app_context(), app.test_request_context():
        views = appbuilder.baseviews
        document = next(view for view in views if isinstance(view, OpenApi))._create_api_spec("v1")
        for view in views:
            if getattr(view, "version", None) == "v1" and hasattr(view, "add_api_spec"):
                view.add_api_spec(document)
        json.dump(document.to_dict(), sys.stdout)


if __name__ == "__main__":
    main()
