-- Of events of the same moment, those that arrived last come first.
SELECT distinct_id, ms, event, country FROM {e} WHERE item_id = '{ITEM}' AND ms >= {FROM} AND ms < {TO}
ORDER BY ms DESC, arrival DESC LIMIT 50
