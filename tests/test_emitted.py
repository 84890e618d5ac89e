"""The tests that a connector is emitted with pass, with the framework as it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import NIGHTLY, ROOT, Scaffold, by_day
from tests.support.connector import Deploy, assert_passed, contribute, run_tests
from tests.support.contrib import write_checkout
from tests.support.python import Warm

pytestmark = pytest.mark.framework

EVERYTHING = {
    "scheme": "myolap+pyodbc",
    "auth_types": ["basic", "iam", "azure", "jwt", "token", "oauth"],
    "capabilities": ["lineage", "usage", "profiler", "stored_procedures", "data_diff", "dbt"],
}
QUERY_LOG = {"capabilities": ["lineage", "usage", "profiler", "stored_procedures"]}

# A sample of the matrix: everything at once in both namespaces, each auth type by itself, each
# dialect with all that it can do, and the examples.
SAMPLE: dict[str, dict[str, Any]] = {
    "everything_2": EVERYTHING | {"namespace": "schema.table"},
    "everything_3": EVERYTHING | {"namespace": "database.schema.table"},
    "plain": {},
    "iam": {"auth_types": ["iam"]},
    "azure": {"auth_types": ["azure"]},
    "jwt": {"auth_types": ["jwt"]},
    "token": {"auth_types": ["token"], "scheme": "clickhousedb+connect"},
    "oauth": {"auth_types": ["oauth"]},
    "no_basic": {"auth_types": ["jwt", "oauth"]},
    "postgres": {"capabilities": [*QUERY_LOG["capabilities"], "data_diff", "owners"]},
    "mariadb": {"capabilities": [*QUERY_LOG["capabilities"], "incremental"]},
    "sqlite": {"capabilities": ["lineage", "usage", "profiler", "dbt"]},
    "snowflake": {"capabilities": [*QUERY_LOG["capabilities"], "incremental", "tags"]},
    "bigquery": QUERY_LOG,
    "redshift": QUERY_LOG,
    "mssql": QUERY_LOG | {"scheme": "mssql+pyodbc"},
    "oracle": QUERY_LOG,
    "trino": {"capabilities": ["lineage", "usage"]},
    "a" * 30: {"auth_types": ["basic", "oauth"]},
} | {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "examples").glob("*.yml"))}


# How one auth type by itself signs in, and what a dialect is asked, is the same code in both placements, and
# test_clients runs the emitted tests of the service types of the last three in both.
ALONE = ("iam", "azure", "jwt", "token", "oauth", "snowflake", "bigquery", "redshift", "mssql", "oracle")
ALONE += ("trino", "mlflow", "rabbitmq", "s3")


# Certified packages, whose tests are run as well, have the rest of what a family of dialects or clients can do.
BY_DAY = ("everything_3", "no_basic")


@pytest.mark.parametrize("name", by_day(SAMPLE, BY_DAY))
def test_tests_of_a_package_pass(name: str, deploy: Deploy, warm: Warm, tmp_path: Path) -> None:
    assert_passed(deploy({"name": name} | SAMPLE[name], "package", tmp_path).run_tests(warm))


@NIGHTLY
def test_tests_of_contributions_pass_in_one_checkout(scaffold: Scaffold, framework: Path, tmp_path: Path) -> None:
    root = write_checkout(tmp_path / "out")
    added = []
    for name in (name for name in SAMPLE if name not in ALONE):
        answers = {"name": name} | SAMPLE[name]
        scaffold(root, **answers | {"placement": "contrib"})
        added.append((answers.get("service_type", "database"), answers["name"]))
    assert_passed(run_tests(contribute(root, added, framework, tmp_path)))
