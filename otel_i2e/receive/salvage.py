"""A protobuf request that cannot be parsed because of some of its items: the others, and how many were left out.

    request ──► its envelope, items as bytes ──► each item by itself ──► request of those that can be read

Text whose bytes are no UTF-8, as senders in C++ and Go cut it, is mended; what is nested deeper than protobuf reads is
left out. The envelope is read by a copy of OTLP's own descriptors in which items and texts are bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import Default, DescriptorPool
from google.protobuf.message import DecodeError as ProtobufError
from google.protobuf.message_factory import GetMessageClass

from otel_i2e.receive.services import Service

__all__ = ["Salvaged", "salvaged"]

UNREADABLE: Final = "cannot be parsed: it is nested too deeply, or damaged"
_ITEMS: Final = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
}
"""Signal → the fields that lead to its items."""
_BYTES: Final = FieldDescriptorProto.TYPE_BYTES


class Salvaged(NamedTuple):
    """What could be read of a request."""

    body: bytes
    """The request without what could not be read."""
    lost: Counter[str]
    """Reason → items left out."""


def salvaged(service: Service, body: bytes) -> Salvaged | None:
    """What can be read of `body`; None when its envelope cannot, or none of its items."""
    envelope, item = _shells(service)
    try:
        request = envelope.FromString(body)
    except (ProtobufError, RecursionError):
        return None
    _mend(request)
    kept, lost = 0, Counter[str]()
    for items in _lists_of_items(service, request):
        readable = [mended for one in items if (mended := _mended(item, one)) is not None and _fits(service, mended)]
        lost[UNREADABLE] += len(items) - len(readable)
        kept += len(readable)
        items[:] = readable
    return Salvaged(request.SerializeToString(), +lost) if kept else None


def _lists_of_items(service: Service, request: Any) -> Iterator[Any]:
    resources, scopes, items = _ITEMS[service.signal]
    for of_resource in getattr(request, resources):
        for of_scope in getattr(of_resource, scopes):
            yield getattr(of_scope, items)


def _mended(item: Any, body: bytes) -> bytes | None:
    """One item, its texts UTF-8; None when it cannot be parsed."""
    try:
        message = item.FromString(body)
    except (ProtobufError, RecursionError):
        return None
    _mend(message)
    return bytes(message.SerializeToString())


def _fits(service: Service, item: bytes) -> bool:
    """Whether a request with this item can be parsed: it is nested some levels deeper there."""
    resources, scopes, items = _ITEMS[service.signal]
    alone = _shells(service)[0]()
    getattr(getattr(getattr(alone, resources).add(), scopes).add(), items).append(item)
    try:
        service.request.FromString(alone.SerializeToString())
    except (ProtobufError, RecursionError):
        return False
    return True


def _mend(message: Any) -> None:
    """Bytes that stand for text: what is no UTF-8 in them becomes U+FFFD. No deeper than protobuf parses."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in [value] if hasattr(value, "DESCRIPTOR") else value:
                _mend(one)
        elif isinstance(value, bytes) and _is_text(field.full_name) and _is_broken(value):
            setattr(message, field.name, _text(value))
        elif field.type == _BYTES and not isinstance(value, bytes) and _is_text(field.full_name):
            value[:] = [_text(one) for one in value]


def _text(value: bytes) -> bytes:
    return value.decode("utf-8", "replace").encode()


@cache
def _is_text(field: str) -> bool:
    """Whether OTLP declares the field with this full name as text."""
    return Default().FindFieldByName(field).type == FieldDescriptor.TYPE_STRING


def _is_broken(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False


@cache
def _shells(service: Service) -> tuple[Any, Any]:
    """Classes of the request, its items as bytes, and of one item; in both, texts are bytes."""
    items = _ITEMS[service.signal][-1]
    envelopes, whole = DescriptorPool(), DescriptorPool()
    item = ""
    for file in _files(service.request.DESCRIPTOR.file):
        whole.Add(file)
        for field in _fields(file.message_type):
            if field.name == items:
                item = field.type_name.removeprefix(".")
                field.type = _BYTES
                field.ClearField("type_name")
        envelopes.Add(file)
    request = envelopes.FindMessageTypeByName(service.request.DESCRIPTOR.full_name)
    return GetMessageClass(request), GetMessageClass(whole.FindMessageTypeByName(item))


def _files(file: Any) -> Iterator[FileDescriptorProto]:
    """All that `file` depends on, then itself; texts declared as bytes."""
    seen: set[str] = set()

    def those(one: Any) -> Iterator[FileDescriptorProto]:
        if one.name in seen:
            return
        seen.add(one.name)
        for other in one.dependencies:
            yield from those(other)
        copy = FileDescriptorProto()
        one.CopyToProto(copy)
        for field in _fields(copy.message_type):
            if field.type == FieldDescriptorProto.TYPE_STRING:
                field.type = _BYTES
        yield copy

    return those(file)


def _fields(messages: Any) -> Iterator[Any]:
    for message in messages:
        yield from message.field
        yield from _fields(message.nested_type)
