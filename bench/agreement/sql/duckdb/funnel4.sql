-- Every attempt takes each step at the first chance; of a person the deepest counts, then the earliest.
WITH e AS MATERIALIZED (
  SELECT person, ms, event, {BY} k, row_number() OVER (PARTITION BY person ORDER BY ms, arrival) o
  FROM {e} WHERE event IN ('App Launched', 'Product Viewed', 'Added To Cart', 'Charged')),
a1 AS (SELECT person, ms t1, o o1, k FROM e WHERE event = 'App Launched' AND ms >= {FROM} AND ms < {TO}),
v2 AS (SELECT person, ms, o FROM e WHERE event = 'Product Viewed'),
v3 AS (SELECT person, ms, o FROM e WHERE event = 'Added To Cart'),
v4 AS (SELECT person, ms, o FROM e WHERE event = 'Charged'),
a2 AS (
  SELECT a1.*, v2.ms t2, v2.o o2
  FROM a1 ASOF LEFT JOIN v2 ON a1.person = v2.person AND a1.o1 < v2.o),
a3 AS (
  SELECT a2.*, v3.ms t3, v3.o o3
  FROM a2 ASOF LEFT JOIN v3 ON a2.person = v3.person AND a2.o2 < v3.o),
a4 AS (SELECT a3.*, v4.ms t4 FROM a3 ASOF LEFT JOIN v4 ON a3.person = v4.person AND a3.o3 < v4.o),
deep AS (
  SELECT *, CASE WHEN t4 - t1 <= 604800000 THEN 4 WHEN t3 - t1 <= 604800000 THEN 3
    WHEN t2 - t1 <= 604800000 THEN 2 ELSE 1 END depth
  FROM a4),
best AS (
  SELECT * FROM deep QUALIFY row_number() OVER (PARTITION BY person ORDER BY depth DESC, o1) = 1),
reached AS (
  SELECT k, s.step step, CASE s.step WHEN 1 THEN 0 WHEN 2 THEN t2 - t1 WHEN 3 THEN t3 - t1 ELSE t4 - t1 END took
  FROM best JOIN (SELECT unnest([1, 2, 3, 4]) step) s ON s.step <= depth)
SELECT k, step, n, times[(n * 50 + 99) // 100] median, times[(n * 90 + 99) // 100] p90
FROM (SELECT k, step, count(*) n, list(took ORDER BY took) times FROM reached GROUP BY k, step)
ORDER BY k, step
