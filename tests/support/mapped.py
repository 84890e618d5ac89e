"""API maps for connectors of each service type, chosen so that each construct of the language occurs in one."""

from __future__ import annotations

from typing import Any

# The answers beside the usual ones, by service type: the map, and the capabilities that it is for.
MAPS: dict[str, dict[str, Any]] = {
    # Pages from 0 in a text, where, a detail of each record, a projection, words for values, addresses of two parts.
    "dashboard": {
        "capabilities": ["metadata", "data_models", "owners"],
        "api": """
login:
  request: POST /api/v1/security/login
  json: {username: "{auth.username}", password: "{auth.password}", provider: db}
  token: result.access_token
  lifetime: result.expires_in
authorization: {header: X-Auth-Token, prefix: Token}
paging: {by: page, first: 0, size: 25, count: count}
resources:
  dashboards:
    request: GET /api/v1/dashboard/
    query: {q: "(page:{page},page_size:{size})", deep: true}
    records: result
    where: {published: true, "extra.state": [active, null]}
    detail: {request: "GET /api/v1/dashboard/{dashboard.id}", record: result}
    fields:
      name: dashboard_title
      sourceUrl: "{options.hostPort}{url}"
      owners: owners[].username
  charts:
    request: GET /api/v1/dashboard/{dashboard.id}/charts
    paging: none
    records: result
    fields:
      name: slice_name
      chartType: {value: form_data.viz_type, map: {pie: Pie, dist_bar: Bar}, default: Other}
  data_models:
    request: GET /api/v1/dataset/
    query: {q: "(page:{page},page_size:{size})"}
    records: result
    detail: {request: "GET /api/v1/dataset/{data_model.id}", record: result}
    fields:
      name: table_name
      columns: {value: columns, fields: {name: column_name, dataType: type, description: description}}
""",
    },
    # GraphQL with variables and a cursor in one, children from the record of their parent, a parent in a body.
    "pipeline": {
        "capabilities": ["metadata", "pipeline_status"],
        "api": """
resources:
  pipelines:
    request: POST /graphql
    graphql: |
      query Jobs($cursor: String, $limit: Int) {
        jobs(cursor: $cursor, limit: $limit) { nodes { name } cursor }
      }
    variables: {cursor: "{cursor}", limit: "{size}"}
    paging: {by: cursor, size: 50, next: data.jobs.cursor}
    records: data.jobs.nodes
    fields:
      id: name
      description: metadata[?label=='about'].text | [0]
      scheduleInterval: schedules[0].cron
  tasks:
    records: graph.solids[].definition
    fields: {id: handle, name: name, displayName: label, taskType: kind, taskSQL: source.sql}
  runs:
    request: POST /runs/filter
    json: {pipeline: {name: "{pipeline.name}"}, limit: "{size}", offset: "{offset}"}
    paging: {by: offset, size: 20, count: total}
    records: results
    fields:
      id: run.id
      status: {value: run.state, map: {SUCCESS: Successful, FAILURE: Failed, STARTED: Pending}}
      startTime: {value: run.started, time: seconds}
      endTime: {value: run.ended, time: "%Y-%m-%dT%H:%M:%S%z"}
""",
    },
    # Parents made of a field of one flat list, nested fields in place of a list of their own, an offset in a query.
    "database": {
        "capabilities": ["metadata", "owners", "tags"],
        "api": """
headers: {X-Tenant: shop}
resources:
  databases: {from: tables, key: "spec.path[0]"}
  schemas: {from: tables, key: "spec.path[1]"}
  tables:
    request: GET /entities
    query: {kind: table}
    paging: {by: offset, parameter: start, size: 100, size_parameter: count}
    records: page.items
    fields:
      name: spec.title || spec.id
      tableType: spec.type
      schemaDefinition: spec.sql
      columns:
        value: spec.columns
        fields: {name: label, dataType: "type.name", displayName: title, description: text, nullable: "is_null"}
""",
    },
    # Links in headers, one flat list that is joined, a login's prefix, records below a constant.
    "messaging": {
        "capabilities": ["metadata", "message_schema", "sample_data"],
        "api": """
paging: {by: link_header, size: 50, size_parameter: per_page}
resources:
  topics:
    request: GET /v3/topics
    fields: {name: topic_name, partitions: spec.partitions.count, topicConfig: configs}
  schemas:
    request: GET /v3/schemas
    join: {topic.uid: uid}
    fields: {schemaText: document.text, version: revision}
  messages:
    request: GET /v3/topics/{topic.topic_name}/messages
    records: "@"
""",
    },
    # A cursor in a JSON body, and details that are put at a key.
    "mlmodel": {
        "capabilities": ["metadata", "hyper_parameters", "features"],
        "api": """
query: {version: "2"}
resources:
  models:
    request: POST /registered-models/search
    json: {filter: "name LIKE '%'", page_token: "{cursor}", max_results: "{size}"}
    paging: {by: cursor, size: 100, next: next_page_token}
    records: registered_models
    detail:
      request: POST /runs/get
      json: {run_id: "{model.latest.run_id}"}
      record: run
      into: run
    fields:
      algorithm: run.data.tags.algorithm
      target: run.data.target
      mlHyperParameters: {value: run.data.params, fields: {name: key, value: value}}
      mlFeatures: {value: "signature.inputs[]", fields: {name: name, dataType: type}}
""",
    },
    # Objects keyed by name, in one answer.
    "storage": {
        "capabilities": ["metadata", "tags"],
        "api": """
resources:
  containers:
    request: GET /buckets
    records: buckets
    key_field: name
    fields:
      size: usage.bytes
      numberOfObjects: usage.objects
      fileFormats: formats[].name
      tags: labels
""",
    },
    # A form with the offset, an answer that is keyed objects itself, children with keys in the parent's record.
    "search": {
        "capabilities": ["metadata", "fields", "sample_data"],
        "api": """
resources:
  indexes:
    request: GET /_mapping
    records: "@"
    key_field: name
    fields: {searchIndexSettings: settings.index}
  fields:
    records: definition.by_name
    key_field: name
    fields: {dataType: type, description: meta.text}
  documents:
    request: POST /{index.name}/_search
    json: {from: "{offset}", size: "{size}", query: {match_all: {}}}
    paging: {by: offset, size: 10, count: hits.total}
    records: hits.hits
    fields: {document: _source}
""",
    },
    # A cursor in a query, children by the name of their parent in a path, and a flag that says whether there is more.
    "drive": {
        "capabilities": ["metadata"],
        "api": """
resources:
  directories:
    request: GET /drives
    query: {limit: "{size}"}
    paging: {by: cursor, parameter: after, size: 50, next: "paging.next.after", more: has_more}
    records: results
    fields:
      displayName: label
      path: place.location
      isShared: sharing.public
  files:
    request: GET /drives/{directory.name}/children
    paging: {by: page, parameter: p, size: 20, size_parameter: n}
    records: results[].file
    fields: {mimeType: mime.type, size: bytes, checksum: hashes.sha1}
""",
    },
    # Put-together names, pages from 1, and levels that the API is not asked for.
    "api": {
        "capabilities": ["metadata"],
        "api": """
resources:
  collections: {records: [{name: default}]}
  endpoints:
    request: GET /operations
    paging: {by: page, size: 100, size_parameter: size, count: meta.total}
    records: data
    fields:
      name: "{verb} {target}"
      requestMethod: verb
      sourceUrl: "{options.hostPort}/operations/{id}"
      requestSchema: {value: parameters, fields: {name: key, dataType: schema.type}}
""",
    },
}

# Ways of paging a list of dashboards: what the request has, and `paging`.
PAGINGS: dict[str, str] = {
    "page from 0": "request: GET /all\n    paging: {by: page, first: 0, size: 50, size_parameter: n}",
    "page from 1": "request: GET /all\n    paging: {by: page, parameter: p, more: meta.has_more}",
    "page in a path": "request: GET /all/{page}\n    paging: {by: page, first: 1, size: 50}",
    "offset in a query": "request: GET /all\n    paging: {by: offset, size: 50, count: meta.total}",
    "offset in a body": "request: POST /all\n    json: {page: {start: '{offset}', max: '{size}'}}\n"
    "    paging: {by: offset, size: 50}",
    "offset in a form": "request: POST /all\n    form: {start: '{offset}', kind: board}\n    paging: {by: offset}",
    "cursor in a query": "request: GET /all\n    paging: {by: cursor, next: meta.next}",
    "cursor in a body": "request: POST /all\n    paging: {by: cursor, in: json, next: meta.next, size: 50}",
    "cursor in variables": "request: POST /graphql\n    graphql: 'query All($after: String) { all(after: $after) }'\n"
    "    variables: {after: '{cursor}'}\n    paging: {by: cursor, next: meta.next}",
    "cursor in a header": "request: GET /all\n    headers: {X-Continuation: '{cursor}'}\n"
    "    paging: {by: cursor, next_header: X-Continuation}",
    "values to search after": "request: POST /all\n    json: {size: '{size}', search_after: '{cursor}'}\n"
    "    paging: {by: cursor, size: 50, next: 'data.list[-1].sort'}",
    "link header": "request: GET /all\n    paging: {by: link_header, size: 50, size_parameter: n}",
    "none": "request: GET /all\n    paging: none",
}


def dashboards(way: str) -> dict[str, Any]:
    """The answers of a connector that reads dashboards in a way of paging."""
    return {
        "api": f"resources:\n  dashboards:\n    {PAGINGS[way]}\n    records: data.list\n    fields: {{name: title}}\n"
    }
