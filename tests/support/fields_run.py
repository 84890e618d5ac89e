"""Runs in the framework's interpreter: what becomes of records, by the emitted code alone, without a client.

The argument is a file of JSON: the `module` of a package, the `type_name` of its classes, its `service` type, and
`jobs`, pairs of a resource and a record of it, with a `fault` where its fields could not be read. Prints, as the last
line, what came of each: the `request` that was made of it, and what arrives by another way; or the `fault`.
"""

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock
from uuid import uuid4

from metadata.generated.schema.type.entityReference import EntityReference
from metadata.generated.schema.type.entityReferenceList import EntityReferenceList

Made = dict[str, Any]


def package(name: str, type_name: str) -> tuple[Any, Any]:
    """The models of a package, and its source without a client, for a service that is called `service`."""
    if name.startswith("metadata."):
        # A contribution: in a checkout it lies in the framework's own folder, and its settings are generated.
        folder = name.rpartition(".")[0]
        parent = importlib.import_module(folder)
        parent.__path__ = [*parent.__path__, f"{sys.path[1]}/{folder.replace('.', '/')}"]
        settings: Any = ModuleType("settings")
        setattr(settings, f"{type_name}Connection", object)
        kind = folder.rpartition(".")[2]
        place = f"metadata.generated.schema.entity.services.connections.{kind}"
        sys.modules[f"{place}.{type_name[0].lower()}{type_name[1:]}Connection"] = settings
    models = importlib.import_module(f"{name}.models")
    kind_of_source = getattr(importlib.import_module(f"{name}.metadata"), f"{type_name}Source")
    source = object.__new__(kind_of_source)
    services = ("database", "dashboard", "pipeline", "messaging", "mlmodel", "objectstore", "search", "api", "drive")
    context = {f"{kind}_service": "service" for kind in services} | {
        "database": "db",
        "database_schema": "sc",
        "charts": [],
    }
    source.context = SimpleNamespace(get=lambda: SimpleNamespace(**context))
    source.config = SimpleNamespace(serviceName="service")
    flags = dict.fromkeys(("includeOwners", "includeTags", "includeDDL", "includeViews"), True)
    source.source_config = SimpleNamespace(ownerConfig=None, **flags)
    source.service_connection = SimpleNamespace(hostPort="https://host")
    source.status = MagicMock()
    source.metadata = MagicMock()
    source.metadata.get_reference_by_email.side_effect = lambda email: EntityReferenceList(
        [EntityReference(id=uuid4(), type="user", name=email)]
    )
    source._seen, source._gaps, source._models, source._charts = {}, set(), {"set": "service.model.set"}, {}
    source._reads_task_runs, source._has_schemas, source._made_tasks = True, True, []
    source._failures = dict.fromkeys(("schema",), 0)
    source._note = lambda *_: None
    source._is_given_up = lambda _what: False
    source._without_parser, source._tables = set(), {}
    source.source_config.lineageInformation = None
    source.metadata.es_search_from_fqn.return_value = []
    source._databases = source._schemas = dict.fromkeys(("db", "sc"), SimpleNamespace(record={}))
    # Each list is empty, but for what a job gives.
    source.source = MagicMock()
    for listed in ("tasks", "runs", "task_runs", "columns", "schemas", "fields", "charts"):
        getattr(source.source, listed).return_value = []
    return models, source


def dump(request: Any) -> Made:
    return {"request": request.model_dump(mode="json", exclude_none=True)}


def milliseconds(moment: datetime | None) -> int | None:
    return round(moment.timestamp() * 1000) if moment else None


def origins(models: Any, source: Any, item: Any) -> Made:
    """What a dashboard, chart or data model is made from."""
    tables = [str(table) for table in models.tables_of(item.record)]
    return {"tables": tables, "sql": models.statement_in(item.record), "models": source._models_of(item)}


def makers(models: Any, source: Any) -> dict[str, Callable[[Made], Made]]:
    """What is made of a record, by the service type and the resource."""

    def database_columns(record: Made) -> Made:
        source.source.columns.return_value = [record]
        return dump(source._table_request(models.Table.of({"name": "t"})))

    def database_tables(record: Made) -> Made:
        table = models.Table.of(record)
        source.incremental = SimpleNamespace(enabled=True, start_datetime_utc=datetime(2026, 1, 1, tzinfo=UTC))
        return dump(source._table_request(table)) | {"unchanged": source._is_unchanged(table)}

    def dashboards(record: Made) -> Made:
        item = models.Dashboard.of(record)
        return dump(source._dashboard(item)) | origins(models, source, item) | {"views": models.views_of(record)}

    def charts(record: Made) -> Made:
        item = models.Chart.of(record)
        return dump(source._chart(item)) | origins(models, source, item)

    def data_models(record: Made) -> Made:
        item = models.DataModel.of(record)
        return dump(source._data_model(item)) | origins(models, source, item) | {"names": item.column_names}

    def flow(item: Any) -> Made:
        return {"inputs": [str(one) for one in item.inputs], "outputs": [str(one) for one in item.outputs]}

    def pipelines(record: Made) -> Made:
        item = models.Pipeline.of(record)
        return dump(source._pipeline(item)) | flow(item)

    def tasks(record: Made) -> Made:
        source.source.tasks.return_value = [record, {"id": "other"}]
        return dump(source._pipeline(models.Pipeline.of({"id": "p"}))) | flow(models.Task.of(record))

    def runs(record: Made) -> Made:
        run = models.Run.of(record)
        return {
            "request": source._status(run, models.Pipeline.of({"id": "p"}), "p").pipeline_status.model_dump(mode="json")
        } | {"queued": milliseconds(run.queued)}

    def task_runs(record: Made) -> Made:
        source._made_tasks = [models.Task.of({"id": name}) for name in ("load", "other")]
        source.source.task_runs.return_value = [record]
        statuses = source._task_statuses(models.Pipeline.of({"id": "p"}), models.Run.of({"id": "r"}))
        return {"request": [status.model_dump(mode="json", exclude_none=True) for status in statuses]}

    def topics(record: Made) -> Made:
        request = source._topic(models.Topic.of(record))
        settings, request.topicConfig = request.topicConfig, None
        return dump(request) | {"settings": settings}

    def schemas(record: Made) -> Made:
        older = {"version": 3, "schema": "{}", "schema_type": "JSON"}
        schema = models.newest_schema([older, record], "orders")
        return {"text": schema.text, "kind": schema.kind.value}

    def ml_models(record: Made) -> Made:
        item = models.MlModel.of(record)
        tables = [str(table) for table in item.training]
        sources = [[[str(table), column] for table, column in feature.sources] for feature in item.features]
        return dump(source._model(item)) | {"tables": tables, "sources": sources}

    def fields(record: Made) -> Made:
        return {"request": [field.model_dump(mode="json") for field in source._fields([record])]}

    def directories(record: Made) -> Made:
        item = models.Directory.of(record)
        return dump(source._directory(item, path=[item.name or item.identity])) | {"parent": item.parent}

    def full_names(record: Made) -> Made:
        """What OpenMetadata has a topic as, which the run takes to be there, and by what others may refer to it."""
        names = sorted(models.names_of(record, "topic"))
        full_name = source._full_name(record, models.Topic)
        return {"identity": models.identity_of(record, "topic"), "names": names, "full_name": full_name}

    metadata = sys.modules[type(source).__module__]
    return {
        "database.databases": lambda record: dump(source._database(models.Database.of(record))),
        "database.schemas": lambda record: dump(source._schema(models.Schema.of(record))),
        "database.tables": database_tables,
        "database.columns": database_columns,
        "dashboard.dashboards": dashboards,
        "dashboard.charts": charts,
        "dashboard.data_models": data_models,
        "pipeline.pipelines": pipelines,
        "pipeline.tasks": tasks,
        "pipeline.runs": runs,
        "pipeline.task_runs": task_runs,
        "messaging.topics": topics,
        "messaging.full_names": full_names,
        "messaging.schemas": schemas,
        "messaging.messages": lambda record: {"request": metadata.sample_of(models.message_in(record))},
        "mlmodel.models": ml_models,
        "search.indexes": lambda record: dump(source._index(models.Index.of(record))),
        "search.fields": lambda record: {
            "request": [field.model_dump(mode="json") for field in source._fields([record])]
        },
        "search.documents": lambda record: {"request": metadata.sample_of(models.document_in(record))},
        "storage.containers": lambda record: dump(source._container(models.Container.of(record))),
        "storage.objects": lambda record: asdict(models.StoredObject.of(record)),
        "drive.directories": directories,
        "drive.files": lambda record: dump(source._file(models.File.of(record), directory="service.d")),
        "api.collections": lambda record: dump(source._collection(models.Collection.of(record))),
        "api.endpoints": lambda record: dump(
            source._endpoint(models.Endpoint.of(record), models.Collection.of({"name": "c"}), "service.c")
        ),
    }


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    models, source = package(job["module"], job["type_name"])
    made = makers(models, source)
    results = []
    for resource, record in job["jobs"]:
        if "fault" in record:
            # As the client says that it could not read what is declared.
            record[models.DECLARED] = ValueError(record.pop("fault"))
        try:
            results.append(made[f"{job['service']}.{resource}"](record))
        except Exception as error:
            results.append({"fault": f"{type(error).__name__}: {error}"})
    print(json.dumps(results))


main()
