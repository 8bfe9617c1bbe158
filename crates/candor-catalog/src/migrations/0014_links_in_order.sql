-- The rows lie in the order of their key: one tree is written for each, and a start reads them one
-- after the other.
CREATE TABLE links_in_order (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash BLOB NOT NULL,
    person BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO links_in_order SELECT * FROM links ORDER BY account_id, kind, hash;
DROP TABLE links;
ALTER TABLE links_in_order RENAME TO links;
