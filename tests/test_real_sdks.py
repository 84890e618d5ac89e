"""A real SDK with coroutines, from PyPI, on a real server: aiobotocore, which has to be entered, on moto's S3."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, need
from tests.support import mapped_sdk, moto
from tests.support.once import once
from tests.support.python import run_script
from tests.support.render import EMPTY, Renderer

pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("aiobotocore")]

LOCK = ROOT / "tests/locks/aiobotocore.txt"

EXAMPLE = yaml.safe_load((ROOT / "examples/s3.yml").read_text(encoding="utf-8"))

# The map of the example, with another way to make the client: all else is the same.
MAP = yaml.safe_load(EXAMPLE["api"]) | {
    "sdk": {
        "module": "aiobotocore.session",
        "client": ["get_session", {"create_client": {"service_name": "s3", "endpoint_url": "{options.hostPort}"}}],
        "async": True,
    }
}

# The first one in the order of names has the objects that are read.
BUCKETS = {"a-many": list(range(60, 125))} | {f"bucket-{number:02}": [number] * 2 for number in range(1, 60)}

Read = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def store() -> Iterator[moto.Store]:
    need(moto.missing())
    with moto.s3() as store:
        store.fill(BUCKETS)
        yield store


@pytest.fixture
def read(cache: Path, framework: Path, template: Path, store: moto.Store, tmp_path: Path) -> Read:
    """What the client of the map gives, in an interpreter of its own: aiobotocore has another botocore."""

    def install(folder: Path) -> None:
        options = ["--quiet", "--no-deps", "--require-hashes", "--python", str(framework), "--target", str(folder)]
        subprocess.run(["uv", "pip", "install", *options, "--requirements", str(LOCK)], check=True, timeout=300)

    sdk = once(cache / f"aiobotocore-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}", install)
    answers = EMPTY | EXAMPLE | {"api": yaml.safe_dump(MAP), "type_name": "ObjectStore", "sdk_package": "aiobotocore"}
    signing = {"awsRegion": moto.REGION, "awsAccessKeyId": "tests", "awsSecretAccessKey": "tests"}

    def run(*lists: str, **more: Any) -> dict[str, Any]:
        def script(source: Path, text: str, what: str) -> Any:
            return run_script(framework, sdk, f"import sys; sys.path.insert(0, {str(source)!r})\n{text}", what)

        asked = {"options": {"hostPort": store.url} | signing, "read": lists} | more
        return mapped_sdk.read(Renderer(template), script, tmp_path, answers, **asked)

    return run


def test_buckets_are_those_of_the_store(read: Read, store: moto.Store) -> None:
    found = read("containers")
    assert "fault" not in found, found["fault"]
    assert {record["@declared"]["name"]: record["sizes"] for record in found["records"]} == store.list_buckets()
    assert len(found["records"]) == 60


def test_objects_and_their_contents_are_those_of_the_store(read: Read, store: moto.Store) -> None:
    found = read("containers", "objects", contents=["part/3", "nothing"])
    assert "fault" not in found, found["fault"]
    assert [record["Size"] for record in sorted(found["records"], key=lambda one: one["Size"])] == BUCKETS["a-many"]
    assert found["contents"] == ["\0" * BUCKETS["a-many"][3], None]
