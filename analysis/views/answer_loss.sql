-- What was lost in the answer's run, and does it touch a number of the answer?
-- A loss of call paths, of the timeline or of histograms takes nothing from a count or a time; every other reason may.
CREATE TEMP VIEW answer_loss AS
SELECT l.reason, l.count,
       l.reason NOT IN ('call stacks not kept', 'waits without room in the histograms',
                        'stretches of the timeline without room', 'samples without room for their call path') AS touches
FROM answer_run AS a
JOIN loss AS l ON l.run_id = a.run_id
ORDER BY l.count DESC, l.reason;
