"""The contract between rooms: frozen values, unknown fields refused, no I/O."""

from __future__ import annotations

from otel_i2e.models._contract import Contract, Json
from otel_i2e.models.calibration import Calibration, JudgedLabel, Rate
from otel_i2e.models.case import Case, CaseContext, Origin, Priority, Severity
from otel_i2e.models.definition import Definition, ScorerIdentity
from otel_i2e.models.document import Document
from otel_i2e.models.experiment import CaseRun, Experiment
from otel_i2e.models.gate import (
    CaseDecision,
    CaseVerdict,
    Change,
    Comparison,
    Decision,
    GateVerdict,
    Override,
    OverrideState,
)
from otel_i2e.models.judge import (
    JUDGE_FIELDS,
    Judge,
    JudgeField,
    JudgePrompt,
    JudgeQuestion,
    JudgeVerdict,
    RecordedVerdict,
)
from otel_i2e.models.label import Label
from otel_i2e.models.messages import last_text, parts_of, text_of
from otel_i2e.models.policy import SEVEREST_FIRST, Action, Policy, ScorerRule, SliceRule, SuiteRule
from otel_i2e.models.proposal import CaseStatus, StoredCase
from otel_i2e.models.query import Query, QueryParam, QueryResult
from otel_i2e.models.reducer import Reducer, needed_passes
from otel_i2e.models.rule import STRATA, JudgeSettings, Rule
from otel_i2e.models.score import Attempt, LedgerRow, Outcome, Score, ScoreRow
from otel_i2e.models.span import JSON_COLUMNS, SPAN_COLUMNS, Span, SpanRow
from otel_i2e.models.standing import JudgeStanding
from otel_i2e.models.subject import Subject, Usage
from otel_i2e.models.tool import ToolCall
from otel_i2e.models.turn import Turn

__all__ = [
    "JSON_COLUMNS",
    "JUDGE_FIELDS",
    "SEVEREST_FIRST",
    "SPAN_COLUMNS",
    "STRATA",
    "Action",
    "Attempt",
    "Calibration",
    "Case",
    "CaseContext",
    "CaseDecision",
    "CaseRun",
    "CaseStatus",
    "CaseVerdict",
    "Change",
    "Comparison",
    "Contract",
    "Decision",
    "Definition",
    "Document",
    "Experiment",
    "GateVerdict",
    "Json",
    "Judge",
    "JudgeField",
    "JudgePrompt",
    "JudgeQuestion",
    "JudgeSettings",
    "JudgeStanding",
    "JudgeVerdict",
    "JudgedLabel",
    "Label",
    "LedgerRow",
    "Origin",
    "Outcome",
    "Override",
    "OverrideState",
    "Policy",
    "Priority",
    "Query",
    "QueryParam",
    "QueryResult",
    "Rate",
    "RecordedVerdict",
    "Reducer",
    "Rule",
    "Score",
    "ScoreRow",
    "ScorerIdentity",
    "ScorerRule",
    "Severity",
    "SliceRule",
    "Span",
    "SpanRow",
    "StoredCase",
    "Subject",
    "SuiteRule",
    "ToolCall",
    "Turn",
    "Usage",
    "last_text",
    "needed_passes",
    "parts_of",
    "text_of",
]
