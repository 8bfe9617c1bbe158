-- How many people were active on each day, in its trailing 7 and 30 days; then on how many days.
WITH a AS (SELECT DISTINCT person, toInt64(day) - {FROM_DAY} d FROM {e} WHERE ms < {TO})
SELECT 'day' what, x.1 on_day, uniqExactIf(person, d = on_day) dau,
  uniqExactIf(person, d > on_day - 7) wau,
  uniqExact(person) mau
FROM (SELECT person, d, arrayJoin(arrayMap(v -> (d + v, v), range(30))) x FROM a)
WHERE on_day >= 0 AND on_day < {DAYS} GROUP BY on_day
UNION ALL
SELECT 'histogram', toInt64(active_days), count(), 0, 0 FROM (
  SELECT person, count() active_days FROM a WHERE d >= 0 GROUP BY person)
GROUP BY active_days
