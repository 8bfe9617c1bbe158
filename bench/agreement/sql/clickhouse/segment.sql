SELECT count() FROM (SELECT person FROM {e} GROUP BY person
  HAVING countIf(event = 'Charged' AND ms >= {SINCE} AND ms < {TO}) >= 3 AND countIf(event = 'App Uninstalled') = 0)
