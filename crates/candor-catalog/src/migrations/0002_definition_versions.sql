-- A definition counts its versions and keeps the latest ones.
ALTER TABLE definitions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE definition_versions (
    account_id TEXT NOT NULL REFERENCES publishers,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (account_id, kind, id, version)
) STRICT;
