-- Times are ms since 1970. Hashes and ids of people are keyed (candor-keys); no clear id is here.
CREATE TABLE publishers (
    account_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    timezone TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    passcode_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_tokens (
    hash BLOB PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES publishers,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES publishers,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE policies (
    account_id TEXT NOT NULL REFERENCES publishers,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (account_id, version)
) STRICT;

CREATE TABLE classes (
    account_id TEXT NOT NULL REFERENCES publishers,
    name TEXT NOT NULL,
    class TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT;

-- The rest is folded from the log; `folds` says up to where, in the same transaction.
CREATE TABLE folds (name TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;

CREATE TABLE links (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash BLOB NOT NULL,
    person BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, hash)
) STRICT;

CREATE TABLE merges (
    account_id TEXT NOT NULL,
    loser BLOB NOT NULL,
    winner BLOB NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    split_at INTEGER
) STRICT;
CREATE INDEX merges_of_an_account ON merges (account_id, loser);

CREATE TABLE consents (
    account_id TEXT NOT NULL,
    person BLOB NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX consents_of_a_person ON consents (account_id, person, at);

CREATE TABLE definitions (
    account_id TEXT NOT NULL REFERENCES publishers,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, id)
) STRICT;

CREATE TABLE audit (
    account_id TEXT NOT NULL REFERENCES publishers,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of_an_account ON audit (account_id, at);
