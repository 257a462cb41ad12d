"""The bytes of every answer, in the encoding of the question (OTLP specification, OTLP/HTTP Response)."""

from __future__ import annotations

from typing import Any, Final

import orjson
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from otel_i2e.receive.intake import Accepted
from otel_i2e.receive.refused import Refused
from otel_i2e.receive.services import Service
from otel_i2e.spool import Encoding

__all__ = ["CONTENT_TYPES", "accepted_body", "encoding_of", "refused_body", "status_of"]

CONTENT_TYPES: Final[dict[str, Encoding]] = {"application/x-protobuf": "protobuf", "application/json": "json"}
"""Content type → encoding. Answers use the type of the request."""
_JSON_FIELD: Final = {"rejected_spans": "rejectedSpans", "rejected_log_records": "rejectedLogRecords"}


def encoding_of(content_type: str) -> Encoding | None:
    """The encoding that a `Content-Type` names, parameters aside; None when it is not OTLP's."""
    return CONTENT_TYPES.get(content_type.partition(";")[0].strip().lower())


def accepted_body(service: Service, accepted: Accepted, encoding: Encoding) -> bytes:
    """`ExportTraceServiceResponse` or its like; empty when everything was taken."""
    if encoding == "json":
        partial = {_JSON_FIELD[service.rejected]: str(accepted.rejected), "errorMessage": accepted.message}
        return orjson.dumps({"partialSuccess": partial} if accepted.rejected else {})
    response: Any = service.response()
    if accepted.rejected:
        setattr(response.partial_success, service.rejected, accepted.rejected)
        response.partial_success.error_message = accepted.message
    return response.SerializeToString()


def status_of(refused: Refused) -> Status:
    """`google.rpc.Status`, with RetryInfo when the same request may pass later."""
    details: list[AnyMessage] = []
    if refused.retry_after is not None:
        details.append(AnyMessage())
        details[0].Pack(RetryInfo(retry_delay=Duration(seconds=refused.retry_after)))
    return Status(code=refused.code, message=str(refused), details=details)


def refused_body(refused: Refused, encoding: Encoding | None) -> tuple[bytes, str]:
    """The body and its content type; JSON when the request's type was not known."""
    if encoding == "protobuf":
        return status_of(refused).SerializeToString(), "application/x-protobuf"
    return orjson.dumps({"code": refused.code, "message": str(refused)}), "application/json"
