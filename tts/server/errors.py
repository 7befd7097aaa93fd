"""Errors as OpenAI's API words them: `{"error": {"message", "type", "param", "code"}}`, with the status that fits."""

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}  # of a status
CODES = {  # of a status, where an error names none itself
    401: "invalid_api_key",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    413: "request_too_large",
    429: "rate_limit_exceeded",
    500: "internal_error",
    503: "overloaded",
}
WHERE = ("body", "query", "path", "header", "cookie")  # what pydantic puts before the name of a field


class ApiError(HTTPException):
    """What a client is told: a status, a line of English, and the field of the request that is wrong."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(status, message, headers)
        self.param = param
        self.code = code or CODES.get(status)

    @property
    def body(self) -> dict[str, Any]:
        kind = "server_error" if self.status_code >= 500 else TYPES.get(self.status_code, "invalid_request_error")
        return {"error": {"message": self.detail, "type": kind, "param": self.param, "code": self.code}}

    @property
    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status_code, self.headers)


def from_http(error: HTTPException) -> ApiError:
    """The errors of the framework, such as a path that is unknown."""
    if isinstance(error, ApiError):
        return error
    return ApiError(error.status_code, f"{error.detail}.", headers=error.headers)


def from_database(error: Exception) -> ApiError:
    """The database of jobs does not answer, or its disk is full; why may hold names, and is not told."""
    return ApiError(503, "The database cannot be reached. Try again later.", headers={"Retry-After": "5"})


def from_validation(error: RequestValidationError) -> ApiError:
    """The first thing that is wrong with a request."""
    return told_of(error.errors()[0])


def told_of(first: Mapping[str, Any]) -> ApiError:
    """What pydantic finds wrong; what was sent is not repeated."""
    if first["type"] == "json_invalid":
        return ApiError(400, "The body is no valid JSON.", code="invalid_json")
    place = first["loc"][1:] if first["loc"][:1] and first["loc"][0] in WHERE else first["loc"]
    param = str(place[0]) if place else None
    if param is None:
        return ApiError(400, "The body must be a JSON object, with Content-Type: application/json.")
    if first["type"] == "extra_forbidden":
        return ApiError(400, f"Unknown parameter: {param[:64]!r}.", param=param[:64], code="unknown_parameter")
    if first["type"] == "missing":
        return ApiError(400, f"Missing required parameter: {param!r}.", param=param, code="missing_required_parameter")
    return ApiError(400, f"Invalid {param!r}: {first['msg']}.", param=param, code="invalid_value")
