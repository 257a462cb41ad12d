"""Attribute and event names, as constants.

They follow the OpenTelemetry generative-AI semantic conventions (repository
`open-telemetry/semantic-conventions-genai`, status Development, as of 2026-10) and, where a name
is marked so, OpenInference. Only names that more than one room uses, or that we emit, stand here;
the names of other dialects stand in `normalize/`, one file per dialect.
"""

from __future__ import annotations

from typing import Final

# General OpenTelemetry
ERROR_TYPE: Final = "error.type"
EXCEPTION_EVENT: Final = "exception"
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
SERVICE_NAME: Final = "service.name"
SERVICE_VERSION: Final = "service.version"
DEPLOYMENT_ENVIRONMENT: Final = "deployment.environment.name"
USER_ID: Final = "user.id"

# Generative AI: what happened
OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_ID: Final = "gen_ai.response.id"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
TOOL_NAME: Final = "gen_ai.tool.name"
TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
TOOL_CALL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_CALL_RESULT: Final = "gen_ai.tool.call.result"
RETRIEVAL_QUERY: Final = "gen_ai.retrieval.query.text"
RETRIEVAL_DOCUMENTS: Final = "gen_ai.retrieval.documents"
CONVERSATION_ID: Final = "gen_ai.conversation.id"
PROMPT_NAME: Final = "gen_ai.prompt.name"
PROMPT_VERSION: Final = "gen_ai.prompt.version"
PROMPT_VARIABLE_PREFIX: Final = "gen_ai.prompt.variable."
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"

# Generative AI: what was thought of it
EVALUATION_EVENT: Final = "gen_ai.evaluation.result"
EVALUATION_NAME: Final = "gen_ai.evaluation.name"
EVALUATION_VALUE: Final = "gen_ai.evaluation.score.value"
EVALUATION_LABEL: Final = "gen_ai.evaluation.score.label"
EVALUATION_EXPLANATION: Final = "gen_ai.evaluation.explanation"

# OpenInference names that our own spans carry, because other backends read them
INPUT_VALUE: Final = "input.value"
INPUT_MIME_TYPE: Final = "input.mime_type"
OUTPUT_VALUE: Final = "output.value"
OUTPUT_MIME_TYPE: Final = "output.mime_type"
MIME_JSON: Final = "application/json"
MIME_TEXT: Final = "text/plain"

# Ours
I2E_SCOPE: Final = "otel_i2e"
I2E_KIND: Final = "i2e.span.kind"
I2E_EXPERIMENT_ID: Final = "i2e.experiment.id"
I2E_CASE_ID: Final = "i2e.case.id"
I2E_REPEAT: Final = "i2e.repeat"
I2E_SCORE_ID: Final = "i2e.score.id"
I2E_SCORE_SOURCE: Final = "i2e.score.source"
I2E_SCORER_VERSION: Final = "i2e.scorer.version"
I2E_EMITTED_TRACE: Final = "i2e.emitted.trace_id"
"""In the metadata of a score that came from another trace than the call that it is about."""
I2E_CONTENT_TRUNCATED: Final = "i2e.content.truncated"
TRUNCATED_NAME: Final = "span name"
TRUNCATED_MESSAGE: Final = "status message"
"""Places in that marker which no attribute's key names."""
I2E_CONTENT_CAPTURE: Final = "i2e.content.capture"

SPAN_KINDS: Final = ("llm", "agent", "tool", "retrieval", "embedding", "chain", "other")
"""The values of the column `kind`."""
