-- Cohorts are the calendar weeks of the first event in the range; value k is whole 7-day steps since
-- the day of the birth; only events after the birth count, in step 0 too.
WITH b AS (
  SELECT person, min((ms, arrival, day)) birth FROM {e} WHERE ms >= {FROM} AND ms < {TO} GROUP BY person),
r AS (
  SELECT DISTINCT b.person person, intDiv(birth.3 - {MONDAY}, 7) w, intDiv(day - birth.3, 7) n
  FROM {e} x JOIN b ON x.person = b.person
  WHERE (ms, arrival) > (birth.1, birth.2) AND day - birth.3 < 84 {BACK})
SELECT toInt64(w) c, toInt64(n) k, count() people FROM r GROUP BY c, k
UNION ALL
SELECT toInt64(intDiv(birth.3 - {MONDAY}, 7)) c, toInt64(-1) k, count() FROM b GROUP BY c
