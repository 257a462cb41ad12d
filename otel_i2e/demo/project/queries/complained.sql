-- name: complained
-- description: Answers that a user disliked and that name a period which no document has.
-- kind: promote
-- priority: P0
-- failure_mode: hallucination
SELECT a.user_id, g.explanation AS scorer, f.explanation AS complaint, a.trace_id, a.span_id
FROM spans a
JOIN scores g ON g.span_id = a.span_id AND g.name = 'cites_only_sources' AND NOT g.passed
JOIN scores f ON f.trace_id = a.trace_id AND f.name = 'feedback' AND f.value < 0.5
ORDER BY a.start_time
