-- One tree instead of three: a row costs a third, and a day goes as one range.
DROP TABLE first_seen;
CREATE TABLE first_seen (
    account_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,
    person BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, day, fingerprint)
) STRICT, WITHOUT ROWID;
