"""Message parts, whoever spelled them → the parts of the OpenTelemetry JSON schemas.

One small function per spelling, found by the part's `type`; a type that is not known stays as it is.

    {"type": "text", "content"}                        {"type": "reasoning", "content"}
    {"type": "tool_call", "id", "name", "arguments"}   {"type": "tool_call_response", "id", "response"}
    {"type": "blob", "mime_type", "modality", "content"}   {"type": "uri", "mime_type", "modality", "uri"}
    {"type": "blob", "mime_type", "modality", "bytes", "sha256"}, where the content lies beside the store
"""

from __future__ import annotations

import re
from collections.abc import Callable
from mimetypes import guess_type
from typing import Any, Final

from otel_i2e.blobs import reference
from otel_i2e.models.json_text import loads_exact, parse_if_json
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = [
    "canonical_part",
    "is_canonical_part",
    "is_known_part",
    "parse_arguments",
    "text_part",
    "tool_answer",
    "tool_call_part",
]


def text_part(text: str) -> Json:
    """A text part."""
    return {"type": "text", "content": text}


def tool_call_part(id: Any, name: Any, arguments: Any) -> Json:
    """A part by which the model asks for a tool; `arguments` as an object or as JSON text."""
    return {"type": "tool_call", "id": id, "name": name, "arguments": parse_arguments(arguments)}


def parse_arguments(value: Any) -> Any:
    """Tool-call arguments parsed; the text itself when it is not valid JSON, `{}` when it is empty."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return {}
    try:
        parsed = loads_exact(value)
        return loads_exact(parsed) if isinstance(parsed, str) and parsed.startswith("{") else parsed
    except ValueError:
        return value


def tool_answer(value: Any) -> Any:
    """What a tool gave back: what stands in a single text block, JSON text parsed, anything else as it is."""
    if is_list(value) and len(value) == 1 and is_object(block := value[0]):
        if block.get("type") == "text":
            value = block.get("text", block.get("content"))
        elif len(block) == 1:  # Bedrock's blocks have no type
            value = block.get("json", block.get("text", value))
    return parse_if_json(value) if isinstance(value, str) else value


def is_canonical_part(part: Any) -> bool:
    """Whether `part` needs no change."""
    if not is_object(part):
        return False
    kind = part.get("type")
    if kind in ("text", "reasoning"):
        return isinstance(part.get("content"), str)
    if kind == "tool_call":
        return not isinstance(part.get("arguments"), str) and "name" in part
    if kind == "tool_call_response":
        return "response" in part and tool_answer(part["response"]) is part["response"]
    if kind in ("blob", "uri"):
        return reference(part.get("content" if kind == "blob" else "uri")) is None and not _is_bare_blob(part)
    return isinstance(kind, str) and kind not in _SPELLINGS and not kind.endswith("_tool_result")


def is_known_part(part: Any) -> bool:
    """Whether `part` is of a kind that has a spelling here: by its type, or by the name of its one field."""
    if not is_object(part):
        return False
    kind = part.get("type")
    if isinstance(kind, str):
        return kind in _SPELLINGS or kind in _OTHER_KINDS or kind.endswith("_tool_result")
    if isinstance(part.get("text"), str):
        return part.keys() <= _BESIDE_TEXT
    return not _UNTYPED.keys().isdisjoint(part) and any(_is_untyped(part, name) for name in _UNTYPED)


def canonical_part(part: Any) -> Json:
    """`part` in the spelling of the conventions; a new object, or `part` itself when it needs no change."""
    if isinstance(part, str):
        return text_part(part)
    if not is_object(part):
        return {"type": "unknown", "content": part}
    if is_canonical_part(part):
        return part
    kind = part.get("type")
    if not isinstance(kind, str):
        return _untyped(part)
    if _is_bare_blob(part):
        return _apart(_inline(part))
    spelled = _SPELLINGS.get(kind) or (_tool_result if kind.endswith("_tool_result") else None)
    return _apart(spelled(part) if spelled else part)


def _apart(part: Json) -> Json:
    """A blob whose content lies beside the store says how large it is, and its hash; so does a data URL."""
    holder = {"blob": "content", "uri": "uri"}.get(str(part.get("type")), "")
    if (blob := reference(part.get(holder))) is None:
        return part
    rest = {key: value for key, value in part.items() if key != holder} | {"type": "blob"}
    return {**rest, "mime_type": part.get("mime_type") or blob.media_type, "bytes": blob.size, "sha256": blob.sha256}


def _is_bare_blob(part: Json) -> bool:
    """A blob whose bytes stand in `data`: Google ADK's."""
    return part.get("type") == "blob" and isinstance(part.get("data"), str) and part.get("content") is None


def _untyped(part: Json) -> Json:
    """Bedrock's and Gemini's parts say what they are by the name of their one field."""
    if isinstance(part.get("text"), str):
        return {"type": "reasoning", "content": part["text"]} if part.get("thought") else text_part(part["text"])
    for name, spelled in _UNTYPED.items():
        if _is_untyped(part, name):
            return _apart(spelled(part[name]))
    if isinstance(part.get("binary_content"), str):  # pydantic-ai 1
        return _apart(_image({**part, "type": "binary"}))
    if isinstance(part.get("data"), str) and _media_type(part):
        return _apart(_inline(part))
    return {**part, "type": "unknown"}


def _is_untyped(part: Json, name: str) -> bool:
    """Whether `part` is of the kind that its field `name` says. An application's own objects may have documents."""
    inner = part.get(name)
    return is_object(inner) and (name not in _FILES or is_object(inner.get("source")))


def _named_call(call: Json) -> Json:
    return tool_call_part(call.get("toolUseId", call.get("id")), call.get("name"), _given(call))


def _given(call: Json) -> Any:
    return next((call[name] for name in ("input", "args", "arguments") if name in call), None)


def _wrapped_result(part: Json) -> Json:
    inner = part.get("function_response")
    return _named_result(inner) if is_object(inner) else _tool_result(part)


def _named_result(result: Json) -> Json:
    call = result.get("toolUseId", result.get("id"))
    answer = tool_answer(result.get("content", result.get("response")))
    failed = {"is_error": True} if result.get("status") == "error" else {}
    return {"type": "tool_call_response", "id": call, "response": answer, **failed}


def _thought(block: Json) -> Json:
    said: Any = block.get("reasoningText")
    return _reasoning(said) if is_object(said) else {**block, "type": "reasoning", "content": ""}


def _linked(data: Json) -> Json:
    mime_type = data.get("mime_type") or data.get("mimeType")
    uri = data.get("file_uri") or data.get("fileUri")
    return {"type": "uri", "modality": _modality("", mime_type), "mime_type": mime_type, "uri": uri}


def _inline(data: Json) -> Json:
    source = data.get("source")
    raw: Any = data.get("data") or (source.get("bytes") if is_object(source) else None)
    mime_type = data.get("mime_type") or data.get("mimeType") or (f"image/{f}" if (f := data.get("format")) else None)
    return {"type": "blob", "modality": _modality("", mime_type or "image"), "mime_type": mime_type, "content": raw}


def _document(block: Json) -> Json:
    return _file("document", block)


def _video(block: Json) -> Json:
    return _file("video", block)


def _file(kind: str, block: Json) -> Json:
    """Bedrock's documents and videos: bytes, or an address in S3."""
    source, form = block["source"], block.get("format")
    mime_type = guess_type(f"x.{form}")[0] if form else None
    named = {"name": block["name"]} if block.get("name") else {}
    said: Json = {"modality": kind, "mime_type": mime_type, **named}
    if is_object(place := source.get("s3Location")):
        return {"type": "uri", **said, "uri": place.get("uri")}
    return {"type": "blob", **said, "content": source.get("bytes", source.get("text"))}


def _text(part: Json) -> Json:
    text = part.get("content", part.get("text"))
    return text_part(text if isinstance(text, str) else "" if text is None else str(text))


def _reasoning(part: Json) -> Json:
    text = part.get("content") or part.get("thinking") or part.get("text") or part.get("reasoning")
    text = _texts(text) or _texts(part.get("summary")) if is_list(text) or not text else text  # OpenAI
    kept = {name: part[name] for name in _BESIDE_THOUGHTS if part.get(name) is not None}
    return {"type": "reasoning", "content": text if isinstance(text, str) else "", **kept}


def _texts(items: Any) -> str:
    """Those of a list of objects, one a line."""
    listed = items if is_list(items) else []
    return "\n".join(str(item.get("text") or "") for item in listed if is_object(item))


def _refusal(part: Json) -> Json:
    return text_part(str(part.get("refusal") or part.get("content") or ""))


def _tool_call(part: Json) -> Json:
    function = part.get("function") or part.get("custom")
    if is_object(part.get("function_call")):  # LangSmith's wrapper of Gemini
        return _named_call(part["function_call"])
    if is_object(function):  # OpenAI
        return tool_call_part(part.get("id"), function.get("name"), function.get("arguments", function.get("input")))
    arguments = next((part[name] for name in ("arguments", "input", "args") if name in part), None)
    rest = {key: value for key, value in part.items() if key not in _CALL_NAMES}
    return {**tool_call_part(part.get("call_id", part.get("id")), part.get("name", ""), arguments), **rest}


def _tool_result(part: Json) -> Json:
    answer = next((part[name] for name in ("response", "result", "content", "output") if name in part), None)
    call = next((part[name] for name in ("call_id", "tool_use_id", "tool_call_id", "id") if name in part), None)
    rest = {key: value for key, value in part.items() if key not in _RESULT_NAMES}
    return {"type": "tool_call_response", "id": call, "response": tool_answer(answer), **rest}


def _image(part: Json) -> Json:
    """Images, documents, audio and files, in a block of their own or in the part itself."""
    kind = str(part.get("type"))
    source: Any = next((part[name] for name in _SOURCES if part.get(name)), part)
    source = source if is_object(source) else {"url": source}
    mime_type = _media_type(source, part)
    if mime_type is None and isinstance(source.get("format"), str) and "audio" in kind:
        mime_type = f"audio/{source['format']}"
    found = next((one for name in _PAYLOADS if isinstance(one := source.get(name), str)), None)
    if found is None:
        return part
    if (kept := _LANGFUSE_MEDIA.match(found)) is not None:
        return {"type": "uri", "modality": _modality(kind, kept[1]), "mime_type": kept[1], "uri": found}
    if found.startswith("data:"):
        mime_type, _, found = found.removeprefix("data:").partition(";base64,")
    elif found is source.get("url") and (kind != "image" or "://" in found):
        return {"type": "uri", "modality": _modality(kind, mime_type), "mime_type": mime_type, "uri": found}
    return {"type": "blob", "modality": _modality(kind, mime_type), "mime_type": mime_type, "content": found}


def _media_type(*holders: Json) -> Any:
    return next((one[name] for one in holders for name in _MEDIA_TYPES if one.get(name)), None)


def _modality(kind: str, mime_type: Any) -> str:
    said = f"{kind} {mime_type}"
    return next((one for one in ("image", "audio", "video") if one in said), "document")


_LANGFUSE_MEDIA: Final = re.compile(r"@@@langfuseMedia:type=([^|@]+)\|")
_BESIDE_THOUGHTS: Final = ("id", "signature", "encrypted_content", "provider_name")
_UNTYPED: Final[dict[str, Callable[[Json], Json]]] = {
    "toolUse": _named_call,
    "function_call": _named_call,
    "functionCall": _named_call,
    "toolResult": _named_result,
    "function_response": _named_result,
    "functionResponse": _named_result,
    "image": _inline,
    "document": _document,
    "video": _video,
    "inline_data": _inline,
    "inlineData": _inline,
    "reasoningContent": _thought,
    "file_data": _linked,
    "fileData": _linked,
}
_FILES: Final = frozenset({"document", "video"})
_BESIDE_TEXT: Final = frozenset({"text", "thought", "thought_signature", "thoughtSignature"})
_OTHER_KINDS: Final = frozenset(
    {"blob", "uri", "server_tool_call", "server_tool_call_response", "compaction", "redacted_thinking"}
)
"""Kinds that need no other spelling."""
_SOURCES: Final = ("source", "image_url", "image", "input_audio", "file")
_PAYLOADS: Final = ("url", "data", "file_data", "base64", "binary_content", "content")
_MEDIA_TYPES: Final = ("media_type", "mime_type", "mimeType", "mediaType")
_CALL_NAMES: Final = frozenset({"type", "id", "call_id", "name", "arguments", "input", "args", "function"})
_RESULT_NAMES: Final = frozenset(
    {"type", "id", "tool_use_id", "tool_call_id", "call_id", "response", "result", "content", "output"}
)
_SPELLINGS: Final[dict[str, Callable[[Json], Json]]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "reasoning": _reasoning,
    "thinking": _reasoning,
    "refusal": _refusal,
    "tool_call": _tool_call,
    "tool_use": _tool_call,
    "server_tool_use": _tool_call,
    "mcp_tool_use": _tool_call,
    "function": _tool_call,
    "function_call": _tool_call,
    "custom": _tool_call,
    "custom_tool_call": _tool_call,
    "function_response": _wrapped_result,
    "custom_tool_call_output": _tool_result,
    "tool_call_response": _tool_result,
    "tool_result": _tool_result,
    "function_call_output": _tool_result,
    "image": _image,
    "image_url": _image,
    "document": _image,
    "input_image": _image,
    "input_audio": _image,
    "audio": _image,
    "file": _image,
    "input_file": _image,
    "binary": _image,
    "image-url": _image,
    "audio-url": _image,
    "video-url": _image,
    "document-url": _image,
}
"""`type` as OpenAI, Anthropic and older conventions spell it → how to read it."""
