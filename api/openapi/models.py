"""The operations on models."""

from api.openapi.operation import CURSOR, LIMIT, MODEL, operation, parameter
from api.openapi.schemas import Model, ModelPage, ModelVersionDetail, ModelVersionPage
from shared import errors

TAG = "models"

_MISSING = (errors.ModelNotFound, errors.InvalidModelName, errors.InvalidParameter)

LIST = operation(
    "list_models",
    "Models that are served",
    tag=TAG,
    answers={200: ("One page, by name.", ModelPage)},
    problems=(errors.InvalidParameter,),
    parameters=[LIMIT, CURSOR],
)
READ = operation(
    "get_model",
    "A model, with the schemas of its input and output",
    tag=TAG,
    answers={200: ("The model.", Model)},
    problems=_MISSING,
    parameters=[MODEL],
)
LIST_VERSIONS = operation(
    "list_model_versions",
    "A model's versions",
    tag=TAG,
    answers={200: ("All of them.", ModelVersionPage)},
    problems=_MISSING,
    parameters=[MODEL],
)
READ_VERSION = operation(
    "get_model_version",
    "One version of a model",
    tag=TAG,
    answers={200: ("The version.", ModelVersionDetail)},
    problems=(*_MISSING, errors.VersionNotFound),
    parameters=[MODEL, parameter("id", "path", "Its name, an alias or its 64-hex digest.")],
)
