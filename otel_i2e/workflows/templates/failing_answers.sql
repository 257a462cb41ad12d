-- name: failing_answers
-- description: Answers in production that a scorer failed, the latest first.
-- kind: promote
-- param: since duration = 7d  How far back to look
-- priority: P1
-- Run it with `i2e query run failing_answers`, promote what it finds with
-- `i2e promote failing_answers --dataset example`. Columns beside trace_id and span_id are kept for the reviewer.
SELECT
    spans.trace_id,
    spans.span_id,
    scores.name AS scorer,
    scores.value,
    scores.explanation
FROM scores
JOIN spans USING (trace_id, span_id)
WHERE scores.passed = false
  AND spans.experiment_id IS NULL
  AND spans.start_time >= now() - $since
ORDER BY spans.start_time DESC
