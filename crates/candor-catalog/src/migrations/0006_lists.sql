-- People who were in a segment at a moment, or on an uploaded list: ids of 16 bytes each, ascending,
-- up to 4,096 to a row, which is found by the first of them.
CREATE TABLE lists (
    account_id TEXT NOT NULL REFERENCES publishers,
    list TEXT NOT NULL,
    first BLOB NOT NULL,
    people BLOB NOT NULL,
    PRIMARY KEY (account_id, list, first)
) STRICT, WITHOUT ROWID;
