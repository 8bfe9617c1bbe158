WITH e AS MATERIALIZED (
  SELECT person, ms, event, row_number() OVER (PARTITION BY person ORDER BY ms, arrival) o
  FROM {e} WHERE event IN ('Added To Cart', 'Charged')),
a1 AS (SELECT person, ms t1, o o1 FROM e WHERE event = 'Added To Cart' AND ms >= {FROM} AND ms < {TO}),
v2 AS (SELECT person, ms, o FROM e WHERE event = 'Charged'),
a2 AS (SELECT a1.*, v2.ms t2 FROM a1 ASOF LEFT JOIN v2 ON a1.person = v2.person AND a1.o1 < v2.o),
deep AS (SELECT *, CASE WHEN t2 - t1 <= 604800000 THEN 2 ELSE 1 END depth FROM a2),
best AS (
  SELECT * FROM deep QUALIFY row_number() OVER (PARTITION BY person ORDER BY depth DESC, o1) = 1),
reached AS (
  SELECT s.step step, CASE s.step WHEN 1 THEN 0 ELSE t2 - t1 END took
  FROM best JOIN (SELECT unnest([1, 2]) step) s ON s.step <= depth)
SELECT '' k, step, n, times[(n * 50 + 99) // 100] median, times[(n * 90 + 99) // 100] p90
FROM (SELECT step, count(*) n, list(took ORDER BY took) times FROM reached GROUP BY step)
ORDER BY step
