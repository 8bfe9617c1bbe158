WITH e AS (
  SELECT person, ms, event, row_number() OVER (PARTITION BY person ORDER BY ms, arrival) o
  FROM {e} WHERE event IN ('Added To Cart', 'Charged')),
a1 AS (SELECT person, ms t1, o o1 FROM e WHERE event = 'Added To Cart' AND ms >= {FROM} AND ms < {TO}),
a2 AS (
  SELECT a1.person person, t1, o1, n.ms t2, n.o o2
  FROM a1 ASOF LEFT JOIN (SELECT person, ms, o FROM e WHERE event = 'Charged') n
    ON a1.person = n.person AND a1.o1 < n.o),
deep AS (
  SELECT person, o1, [0, t2 - t1] took, if(o2 = 0 OR t2 - t1 > 604800000, 1, 2) depth FROM a2),
best AS (SELECT person, argMin((depth, took), (-toInt64(depth), o1)) b FROM deep GROUP BY person),
reached AS (SELECT arrayJoin(range(1, b.1 + 1)) step, (b.2)[step] took FROM best)
SELECT '' k, step, n, times[intDiv(n * 50 + 99, 100)] median, times[intDiv(n * 90 + 99, 100)] p90
FROM (SELECT step, count() n, arraySort(groupArray(took)) times FROM reached GROUP BY step)
ORDER BY step
