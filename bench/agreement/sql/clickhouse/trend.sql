-- day -1 is the whole range.
SELECT toString(os) k, toInt64(d) d, uniqExact(person) people, count() events FROM {e}
ARRAY JOIN [day - {FROM_DAY}, -1] AS d
WHERE event = 'Product Viewed' AND ms >= {FROM} AND ms < {TO} GROUP BY k, d
