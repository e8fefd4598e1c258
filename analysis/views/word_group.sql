-- Which futex words are shown as one, and under which name?
-- Those of the same name, file and owner, in all runs of a variant and thread count that counted futex calls (an address differs
-- from run to run); thread arenas of glibc's, which are numbered, are one.  `word_group` is the group's key, the least of
-- its locks: what is told of words is joined by it, never by the name.
CREATE TEMP VIEW word_group AS
WITH shown AS (
  SELECT l.id AS lock_id, r.variant, r.threads,
         iif(l.name GLOB 'thread arena 0x*' OR l.name GLOB 'arena [0-9]*', 'thread arena', l.name) AS name,
         l.module, l.allocator, l.is_malloc
  FROM counted_run AS r
  JOIN lock AS l ON l.run_id = r.id
)
SELECT lock_id,
       min(lock_id) OVER (PARTITION BY variant, threads, name, module, allocator, is_malloc) AS word_group,
       name
FROM shown;
