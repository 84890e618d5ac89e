"""A real S3 server for tests: moto's, on a free port of loopback, in a thread that ends with the block."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from unittest.mock import patch
from urllib.request import Request, urlopen

REGION = "eu-west-1"

# Objects in a page of a listing, instead of S3's thousand: so that small buckets take several pages.
PAGE = 3


@dataclass(frozen=True)
class Store:
    """A running server. `list_buckets` says what it holds, in its own words."""

    url: str
    client: Any

    def fill(self, buckets: dict[str, list[int]]) -> None:
        """Make buckets, by name, with an object of each size."""
        for name, sizes in buckets.items():
            self.put(name, {f"part/{number}": bytes(size) for number, size in enumerate(sizes)})

    def put(self, bucket: str, objects: dict[str, bytes]) -> None:
        """Make a bucket with these objects, by key."""
        self.client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, contents in objects.items():
            self.client.put_object(Bucket=bucket, Key=key, Body=contents)

    def list_buckets(self) -> dict[str, list[int]]:
        """The sizes of the objects in each bucket, as the server lists them page by page."""
        found: dict[str, list[int]] = {}
        for bucket in self.client.list_buckets()["Buckets"]:
            name, after = bucket["Name"], ""
            found[name] = []
            while after is not None:
                page = self.client.list_objects_v2(Bucket=name, **({"ContinuationToken": after} if after else {}))
                found[name] += [item["Size"] for item in page.get("Contents", ())]
                after = page.get("NextContinuationToken")
        return found


def missing() -> str | None:
    """What is not installed that the server needs, as one line; None if nothing."""
    absent = [module for module in ("boto3", "flask", "flask_cors", "moto") if find_spec(module) is None]
    return f"moto's S3 server needs the Python modules {', '.join(absent)}" if absent else None


@contextmanager
def s3() -> Iterator[Store]:
    """An empty S3 server. It takes any credentials."""
    # imported where it is used: only these tests need it
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with patch.dict(os.environ, MOTO_S3_DEFAULT_MAX_KEYS=str(PAGE)):
        server.start()
        try:
            host, port = server.get_host_and_port()
            url = f"http://{host}:{port}"
            # what an earlier server of this process held is still there
            urlopen(Request(f"{url}/moto-api/reset", method="POST")).close()
            keys = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests"}
            with closing(boto3.client("s3", endpoint_url=url, region_name=REGION, **keys)) as client:
                yield Store(url, client)
        finally:
            server.stop()
