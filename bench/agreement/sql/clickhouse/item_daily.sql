SELECT day - {FROM_DAY} d, count(*) n FROM {e} WHERE item_id = '{ITEM}' AND ms >= {FROM} AND ms < {TO} GROUP BY d
