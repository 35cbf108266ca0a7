"""The operations on files."""

from typing import Any

from api.openapi.operation import CURSOR, LIMIT, operation, parameter
from api.openapi.schemas import File, FilePage
from api.submission import METADATA_MAX_KEYS
from shared import errors

TAG = "files"

ID = parameter("id", "path", "The file's id.", format="uuid")

_LOOKS = (errors.NotFound, errors.InvalidParameter, errors.Unavailable)

_TEXT = {"type": "string", "pattern": r"^[^\u0000]*$"}

_FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["content"],
                "additionalProperties": False,
                "properties": {
                    "content": {"type": "string", "format": "binary"},
                    "filename": {
                        "type": "string",
                        "description": "Instead of the name that `content` brings.",
                    },
                    "type": {
                        "type": "string",
                        "description": "Instead of the media type that `content` brings.",
                    },
                    "metadata": {
                        "type": "object",
                        "maxProperties": METADATA_MAX_KEYS,
                        "propertyNames": _TEXT,
                        "additionalProperties": {
                            "anyOf": [_TEXT, {"type": ["number", "boolean", "null"]}]
                        },
                        "description": "The client's own notes as JSON: 4 kB, flat.",
                    },
                },
            },
            "encoding": {"metadata": {"contentType": "application/json"}},
        }
    },
}

CREATE = operation(
    "create_file",
    "Upload a file",
    tag=TAG,
    answers={201: ("It is stored. Its URL may stand for it in an input.", File)},
    problems=(
        errors.MalformedJson,
        errors.DuplicateKey,
        errors.JsonTooDeep,
        errors.RequestTimeout,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.UnsupportedEncoding,
        errors.InvalidInput,
        errors.UnknownField,
        errors.InvalidParameter,
        errors.Unavailable,
        errors.StorageFull,
        errors.TooManyUploads,
    ),
    body=_FORM,
)
LIST = operation(
    "list_files",
    "Files, newest first",
    tag=TAG,
    answers={200: ("One page.", FilePage)},
    problems=_LOOKS[1:],
    parameters=[LIMIT, CURSOR],
)
READ = operation(
    "get_file",
    "What is known of a file",
    tag=TAG,
    answers={200: ("The file.", File)},
    problems=_LOOKS,
    parameters=[ID],
)
READ_CONTENT = operation(
    "get_file_content",
    "A file's content",
    tag=TAG,
    answers={200: ("The bytes that were uploaded, to be stored, not shown.", File)},
    problems=(*_LOOKS, errors.StorageFull),
    parameters=[
        ID,
        parameter("If-None-Match", "header", "An `ETag` seen before: 304, for it never changes."),
    ],
)
READ_CONTENT["responses"][200]["content"] = {
    "*/*": {"schema": {"type": "string", "format": "binary"}}
}
READ_CONTENT["responses"][304] = {"description": "It is what the `ETag` says."}
DELETE = operation(
    "delete_file",
    "Remove a file",
    tag=TAG,
    answers={204: ("It is gone; what was made of it stays.", File)},
    problems=(*_LOOKS, errors.StorageFull),
    parameters=[ID],
)
DELETE["responses"][204] = {"description": DELETE["response_description"]}
