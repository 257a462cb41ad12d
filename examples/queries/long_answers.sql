-- name: long_answers
-- description: Answers with more than so many words, the longest first.
-- kind: diagnose
-- param: words integer = 80  Most words that are still brief
-- param: since duration = 7d  How far back
SELECT trace_id, span_id, len(string_split(output_text, ' ')) AS words, output_text
FROM spans
WHERE kind = 'agent' AND words > $words AND start_time >= now() - $since
ORDER BY words DESC
