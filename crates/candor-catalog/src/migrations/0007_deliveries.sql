-- A run is one firing of a campaign. Its people are fixed before the first message goes.
CREATE TABLE runs (
    account_id TEXT NOT NULL REFERENCES publishers,
    run TEXT NOT NULL,
    campaign TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    due INTEGER NOT NULL,
    until INTEGER NOT NULL,
    people INTEGER NOT NULL,
    as_of INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_state ON runs (state, due);

-- Who a run is for, up to 4,096 ids of 16 bytes to a row. Whoever works on a row holds its epoch.
CREATE TABLE audience (
    account_id TEXT NOT NULL,
    run TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    due INTEGER,
    people BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    PRIMARY KEY (account_id, run, chunk)
) STRICT, WITHOUT ROWID;
CREATE INDEX audience_due ON audience (due) WHERE due IS NOT NULL;

-- What became of each person's message of a run.
CREATE TABLE deliveries (
    account_id TEXT NOT NULL,
    run TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    place INTEGER NOT NULL,
    id BLOB NOT NULL,
    person BLOB NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    code TEXT,
    provider_id TEXT,
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, run, chunk, place)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX deliveries_by_id ON deliveries (id);
CREATE INDEX deliveries_of_a_person ON deliveries (account_id, person);

-- How many of a run's deliveries are in each state, changed with them.
CREATE TABLE tallies (
    account_id TEXT NOT NULL,
    run TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    deliveries INTEGER NOT NULL,
    PRIMARY KEY (account_id, run, state, reason)
) STRICT, WITHOUT ROWID;
