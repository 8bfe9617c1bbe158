-- When records came first that cannot be told from their repeats by person, time and name. Folded
-- from the log, kept for 7 days.
CREATE TABLE first_seen (
    account_id TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    person BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE INDEX first_seen_by_time ON first_seen (at);
CREATE INDEX first_seen_of_a_person ON first_seen (account_id, person);
