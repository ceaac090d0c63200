"""The description of /v1 in OpenAPI 3.1, made from the values of `sync.protocol.wire` so that it cannot say anything else."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from sync.protocol.events import Record
from sync.protocol.wire import MAX_BATCH_RECORDS, Answer, Batch, Cursor, Documents, Enrolled, Enrolment, Problem
from sync.server.ledger import MAX_SEQ

Described = dict[str, Any]

_EPOCH = {"type": "string", "pattern": "^[ -~]{1,64}$"}
_DEVICE = {"name": "device_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-z-]{1,64}$"}}
_AFTER = {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "default": 0}}
_CODES = {
    304: "Nothing newer.",
    400: "The request is wrong; the sentence says how.",
    401: "The signature is missing or is not that of an enrolled key.",
    403: "Known, and not allowed: revoked, or a code that cannot be used.",
    404: "No such thing.",
    413: "More than may be sent at once.",
    415: "Another type or coding than JSON, plain or gzip.",
    429: "Too many requests; Retry-After says how many seconds to wait.",
    503: "The database cannot be used now; Retry-After says when to try again.",
}


@dataclass(frozen=True)
class Operation:
    """One method of one address: what it is for, what it takes, and what may come back besides `success`."""

    name: str
    summary: str
    answer: type | None
    failures: tuple[int, ...]
    parameters: tuple[Described, ...] = ()
    body: type | None = None
    success: int = 200
    signed: bool = True


_ALWAYS = (400, 401, 403, 429, 503)
_FROM_DEVICE = "/v1/devices/{device_id}"
_OPERATIONS: dict[tuple[str, str], Operation] = {
    (f"{_FROM_DEVICE}/batches", "post"): Operation(
        "sendBatch", "Report records; says after commit what became of each.", Answer, (*_ALWAYS, 413, 415), (_DEVICE,), Batch
    ),
    (f"{_FROM_DEVICE}/cursor", "get"): Operation(
        "getCursor",
        "Where the server stands in an epoch.",
        Cursor,
        _ALWAYS,
        (
            _DEVICE,
            {"name": "epoch", "in": "query", "required": True, "schema": _EPOCH},
            {"name": "recorded_as", "in": "query", "schema": {"type": "string"}},
        ),
    ),
    (f"{_FROM_DEVICE}/documents", "get"): Operation(
        "getDocuments",
        "The newest signed documents, or 304.",
        Documents,
        (304, *_ALWAYS),
        (_DEVICE, _AFTER),
    ),
    (f"{_FROM_DEVICE}/rooms", "get"): Operation(
        "getRooms", "What this door should know of its rooms, signed, or 304.", Documents, (304, *_ALWAYS), (_DEVICE, _AFTER)
    ),
    (f"{_FROM_DEVICE}/photos/{{sha256}}", "get"): Operation(
        "getPhoto",
        "A picture by its hash.",
        bytes,
        (*_ALWAYS, 404),
        (_DEVICE, {"name": "sha256", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}),
    ),
    ("/v1/enrolments", "post"): Operation(
        "enrol", "Join with a one-time code and a key.", Enrolled, (*_ALWAYS, 413), body=Enrolment, success=201
    ),
    ("/v1/openapi.json", "get"): Operation("describe", "This description.", None, (400, 503), signed=False),
}


@cache
def description() -> bytes:
    """The description as JSON."""
    components = _components()
    paths: dict[str, Described] = {}
    for (path, method), operation in _OPERATIONS.items():
        paths.setdefault(path, {})[method] = _operation(operation)
    signature = {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421 with Ed25519 over @method, @path, @query and content-digest; Signature-Input goes with it.",
    }
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "openapi": "3.1.0",
                "info": {
                    "title": "Gapura central",
                    "version": "1",
                    "description": "What doors send to the server, and ask of it.",
                },
                "paths": paths,
                "components": {"schemas": components, "securitySchemes": {"signature": signature}},
            }
        )
    )


def _components() -> Described:
    types = [Batch, Answer, Cursor, Documents, Enrolment, Enrolled, Problem, Record]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    batch = components["Batch"]["properties"]
    batch["epoch"] |= _EPOCH
    batch["boot_id"] |= {"pattern": "^[ -~]{0,64}$"}
    batch["mono_ns"] |= {"minimum": 0, "maximum": MAX_SEQ}
    # Each record is judged alone: what is none is kept as unreadable, so any JSON may stand there.
    batch["records"] |= {"maxItems": MAX_BATCH_RECORDS, "items": {}, "description": "Usually of the form of Record."}
    return components


def _operation(operation: Operation) -> Described:
    answers = {str(operation.success): _success(operation)} | {str(code): _failure(code) for code in operation.failures}
    found: Described = {"operationId": operation.name, "summary": operation.summary, "responses": answers}
    if operation.parameters:
        found["parameters"] = list(operation.parameters)
    if operation.body is not None:
        schema = {"$ref": f"#/components/schemas/{operation.body.__name__}"}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found | {"security": [{"signature": []}] if operation.signed else []}


def _success(operation: Operation) -> Described:
    if operation.answer is bytes:
        return {"description": "The picture.", "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
    named = {"type": "object"} if operation.answer is None else {"$ref": f"#/components/schemas/{operation.answer.__name__}"}
    return {"description": "Done.", "content": {"application/json": {"schema": named}}}


def _failure(code: int) -> Described:
    if code == 304:
        return {"description": _CODES[code]}
    schema = {"$ref": "#/components/schemas/Problem"}
    found: Described = {"description": _CODES[code], "content": {"application/json": {"schema": schema}}}
    if code in (429, 503):
        found["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return found
