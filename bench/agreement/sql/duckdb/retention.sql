-- Cohorts are the calendar weeks of the first event in the range; value k is whole 7-day steps since
-- the day of the birth; only events after the birth count, in step 0 too.
WITH b AS MATERIALIZED (
  SELECT person, ms bms, arrival barrival, day bday FROM {e} WHERE ms >= {FROM} AND ms < {TO}
  QUALIFY row_number() OVER (PARTITION BY person ORDER BY ms, arrival) = 1),
r AS (
  SELECT DISTINCT person, (bday - {MONDAY}) // 7 c, (day - bday) // 7 k
  FROM {e} x JOIN b USING (person)
  WHERE (ms > bms OR (ms = bms AND arrival > barrival)) AND day - bday < 84 {BACK})
SELECT c, k, count(*) people FROM r GROUP BY c, k
UNION ALL SELECT (bday - {MONDAY}) // 7 c, -1 k, count(*) FROM b GROUP BY c
