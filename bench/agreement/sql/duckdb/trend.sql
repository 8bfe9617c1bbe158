-- day -1 is the whole range.
SELECT os k, d, count(DISTINCT person) people, count(*) events
FROM (SELECT os, person, unnest([day - {FROM_DAY}, -1]) d FROM {e}
  WHERE event = 'Product Viewed' AND ms >= {FROM} AND ms < {TO}) GROUP BY k, d
