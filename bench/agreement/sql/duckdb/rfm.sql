-- 1 to 5 by the share of people who are lower; people who are equal are in one bin.
WITH p AS MATERIALIZED (
  SELECT person, max(ms) last, count(*) n, round(sum(price), 2) revenue FROM {e}
  WHERE event = 'Charged' AND ms >= {FROM} AND ms < {TO} GROUP BY person)
SELECT r, f, m, count(*) people, sum(revenue) FROM (
  SELECT revenue, 5 * (rank() OVER (ORDER BY last) - 1) // (SELECT count(*) FROM p) + 1 r,
    5 * (rank() OVER (ORDER BY n) - 1) // (SELECT count(*) FROM p) + 1 f,
    5 * (rank() OVER (ORDER BY revenue) - 1) // (SELECT count(*) FROM p) + 1 m
  FROM p)
GROUP BY r, f, m
