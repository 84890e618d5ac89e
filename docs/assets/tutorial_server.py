"""The dashboards of a small shop over HTTP, for docs/first-connector.md: python3 tutorial_server.py [PORT]"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "tutorial"
TOPICS = ("Orders", "Customers", "Stock", "Returns", "Visits", "Prices", "Staff")
PLACES = ("Berlin", "Lagos", "Lima", "London", "Osaka", "Oslo", "Paris", "Pune", "Quito", "Rome")
OWNERS = ("ana@example.com", "bo@example.com", "chi@example.com")
LARGEST_PAGE = 25

DASHBOARDS = [
    {
        "id": number,
        "title": f"{topic} in {place}",
        "description": f"{topic} of the shop in {place}, day by day.",
        "owner": {"email": OWNERS[number % len(OWNERS)]},
        "url": f"https://shop.example.com/dashboards/{number}",
    }
    for number, (topic, place) in enumerate(((topic, place) for topic in TOPICS for place in PLACES), 1)
]


def charts(number):
    kinds = ((1, "line"), (2, "bar"))
    return [{"id": 10 * number + i, "title": f"Chart {i} of {number}", "type": kind} for i, kind in kinds]


def answer(schema):
    return {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}


def record(**properties):
    return {"type": "object", "properties": {name: {"type": type_} for name, type_ in properties.items()}}


def list_of(name):
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


# It does not say with which number pages begin, as many documents don't.
PAGE = [
    {"name": "page", "in": "query", "schema": {"type": "integer"}},
    {"name": "per_page", "in": "query", "schema": {"type": "integer", "maximum": LARGEST_PAGE}},
]
DASHBOARD = record(id="integer", title="string", description="string", url="string")
DASHBOARD["properties"]["owner"] = record(email="string")
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Shop Boards", "version": "1", "description": "Dashboards of a small shop."},
    "security": [{"token": []}],
    "paths": {
        "/dashboards": {
            "get": {
                "summary": "All dashboards",
                "parameters": PAGE,
                "responses": answer(
                    {"type": "object", "properties": {"items": list_of("Dashboard"), "total": {"type": "integer"}}}
                ),
            }
        },
        "/dashboards/{dashboard_id}/charts": {
            "get": {
                "summary": "The charts of a dashboard",
                "parameters": [{"name": "dashboard_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": answer(list_of("Chart")),
            }
        },
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Dashboard": DASHBOARD,
            "Chart": record(id="integer", title="string", type="string"),
        },
    },
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/openapi.json":
            return self.send(200, DOCUMENT | {"servers": [{"url": f"http://{self.headers['Host']}"}]})
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.send(401, {"error": "no valid token"})
        match url.path.strip("/").split("/"):
            case ["dashboards"]:
                asked = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
                size = min(asked.get("per_page", 10), LARGEST_PAGE)
                start = asked.get("page", 0) * size
                return self.send(200, {"items": DASHBOARDS[start : start + size], "total": len(DASHBOARDS)})
            case ["dashboards", number, "charts"] if number.isdigit() and 0 < int(number) <= len(DASHBOARDS):
                return self.send(200, charts(int(number)))
        return self.send(404, {"error": "there is no such page"})

    def send(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    server = ThreadingHTTPServer(("localhost", port), Handler)
    print(f"Shop Boards is at http://localhost:{server.server_port}. Ctrl+C stops it.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
