-- name: complained
-- description: Answers that a user disliked and that name a period which no document has.
-- kind: promote
-- priority: P0
-- failure_mode: hallucination
SELECT answer.trace_id, answer.span_id, answer.user_id, answer.output_text,
       grounded.explanation AS scorer, feedback.explanation AS complaint
FROM spans AS answer
JOIN scores AS grounded ON grounded.span_id = answer.span_id AND NOT grounded.passed
JOIN scores AS feedback ON feedback.trace_id = answer.trace_id AND feedback.name = 'feedback' AND feedback.value < 0.5
ORDER BY answer.start_time
