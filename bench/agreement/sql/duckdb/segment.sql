SELECT count(*) FROM (SELECT person FROM {e} GROUP BY person
  HAVING count(*) FILTER (event = 'Charged' AND ms >= {SINCE} AND ms < {TO}) >= 3
    AND count(*) FILTER (event = 'App Uninstalled') = 0)
