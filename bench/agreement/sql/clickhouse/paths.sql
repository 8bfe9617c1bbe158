-- The three events after each start in the same session, '' behind its end; they may lie after the range.
SELECT p1, p2, p3, count(*) n FROM (
  SELECT ms, event, lead(event, 1, '') OVER w p1, lead(event, 2, '') OVER w p2, lead(event, 3, '') OVER w p3
  FROM {e} WINDOW w AS (PARTITION BY person, session ORDER BY ms, arrival))
WHERE event = 'App Launched' AND ms >= {FROM} AND ms < {TO} GROUP BY p1, p2, p3
