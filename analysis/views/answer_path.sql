-- By which functions of the application do threads come to the futex words of the answer's variant and thread count?
-- The paths of waiter_path of all its traced runs, with the group that answer_word shows the words in; function is
-- NULL where it can't be told.  calls is what the sampled ones stand for.
CREATE TEMP VIEW answer_path AS
SELECT p.word_group, p.function, p.function_module, p.waits, p.wakes, p.calls
FROM answer_run AS a
JOIN waiter_path AS p ON p.variant IS a.variant AND p.threads IS a.threads
ORDER BY p.name, p.module, p.calls DESC, p.path, p.evidence;
