-- Every attempt takes each step at the first chance; of a person the deepest counts, then the earliest.
WITH e AS (
  SELECT person, ms, event, {BY} k, row_number() OVER (PARTITION BY person ORDER BY ms, arrival) o
  FROM {e} WHERE event IN ('App Launched', 'Product Viewed', 'Added To Cart', 'Charged')),
a1 AS (SELECT person, ms t1, o o1, k FROM e WHERE event = 'App Launched' AND ms >= {FROM} AND ms < {TO}),
a2 AS (
  SELECT a1.person person, t1, o1, k, n.ms t2, if(n.o = 0, 9223372036854775807, n.o) o2
  FROM a1 ASOF LEFT JOIN (SELECT person, ms, o FROM e WHERE event = 'Product Viewed') n
    ON a1.person = n.person AND a1.o1 < n.o),
a3 AS (
  SELECT a2.person person, t1, o1, k, t2, o2, n.ms t3, if(n.o = 0, 9223372036854775807, n.o) o3
  FROM a2 ASOF LEFT JOIN (SELECT person, ms, o FROM e WHERE event = 'Added To Cart') n
    ON a2.person = n.person AND a2.o2 < n.o),
a4 AS (
  SELECT a3.person person, t1, o1, k, t2, o2, t3, o3, n.ms t4, n.o o4
  FROM a3 ASOF LEFT JOIN (SELECT person, ms, o FROM e WHERE event = 'Charged') n
    ON a3.person = n.person AND a3.o3 < n.o),
deep AS (
  SELECT person, o1, k, [0, t2 - t1, t3 - t1, t4 - t1] took,
    multiIf(o2 = 9223372036854775807 OR t2 - t1 > 604800000, 1,
      o3 = 9223372036854775807 OR t3 - t1 > 604800000, 2, o4 = 0 OR t4 - t1 > 604800000, 3, 4) depth
  FROM a4),
best AS (
  SELECT person, argMin((k, depth, took), (-toInt64(depth), o1)) b FROM deep GROUP BY person),
reached AS (
  SELECT b.1 k, arrayJoin(range(1, b.2 + 1)) step, (b.3)[step] took FROM best)
SELECT k, step, n, times[intDiv(n * 50 + 99, 100)] median, times[intDiv(n * 90 + 99, 100)] p90
FROM (SELECT k, step, count() n, arraySort(groupArray(took)) times FROM reached GROUP BY k, step)
ORDER BY k, step
