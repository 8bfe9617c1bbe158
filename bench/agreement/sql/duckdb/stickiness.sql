-- How many people were active on each day, in its trailing 7 and 30 days; then on how many days.
WITH a AS MATERIALIZED (SELECT DISTINCT person, day - {FROM_DAY} d FROM {e} WHERE ms < {TO})
SELECT 'day' what, on_day, count(DISTINCT person) FILTER (d = on_day) dau,
  count(DISTINCT person) FILTER (d > on_day - 7) wau, count(DISTINCT person) mau
FROM (SELECT person, d, d + unnest(range(30)) on_day FROM a)
WHERE on_day >= 0 AND on_day < {DAYS} GROUP BY on_day
UNION ALL
SELECT 'histogram', active_days, count(*), 0, 0 FROM (
  SELECT person, count(*) active_days FROM a WHERE d >= 0 GROUP BY person)
GROUP BY active_days
