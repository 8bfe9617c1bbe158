-- A message is named by a number: its run's (27 bits), its part of the audience (24) and its place in
-- that (12). Its row and the entries of both indexes are a third of what they were with the keys
-- spelled out, and a run's messages lie together.
ALTER TABLE runs ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET number = (
    SELECT count(*) FROM runs o WHERE (o.due, o.account_id, o.run) <= (runs.due, runs.account_id, runs.run)
);
CREATE UNIQUE INDEX runs_by_number ON runs (number);

CREATE TABLE slots (
    slot INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    person BLOB NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    code TEXT,
    provider_id TEXT,
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    sent_at INTEGER
) STRICT;
INSERT INTO slots
SELECT (r.number << 36) | (d.chunk << 12) | d.place, d.id, d.person, d.state, d.reason, d.code,
    d.provider_id, d.attempts, d.due, d.changed_at, d.sent_at
FROM deliveries d JOIN runs r ON r.account_id = d.account_id AND r.run = d.run;
DROP TABLE deliveries;
ALTER TABLE slots RENAME TO deliveries;
CREATE UNIQUE INDEX deliveries_by_id ON deliveries (id);
CREATE INDEX deliveries_of_a_person ON deliveries (person);
