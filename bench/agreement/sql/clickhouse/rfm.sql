-- Fifths by rank; people who are equal are in the bin of the first of them.
WITH p AS (
  SELECT person, max(ms) last, count() n, round(sum(price), 2) revenue FROM {e}
  WHERE event = 'Charged' AND ms >= {FROM} AND ms < {TO} GROUP BY person),
b AS (
  SELECT *, ntile(5) OVER (ORDER BY last ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) r,
    ntile(5) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) f,
    ntile(5) OVER (ORDER BY revenue ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) m
  FROM p)
SELECT r1, f1, m1, count() people, sum(revenue) FROM (
  SELECT revenue, min(r) OVER (PARTITION BY last) r1, min(f) OVER (PARTITION BY n) f1,
    min(m) OVER (PARTITION BY revenue) m1 FROM b)
GROUP BY r1, f1, m1
