-- By which channel and provider a run goes; hand-overs of it that nobody knows the end of and that
-- were made again; and why it paused by itself.
ALTER TABLE runs ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN note TEXT;

-- Whoever had a part before did not give it back: not everything about it may have been told.
ALTER TABLE audience ADD COLUMN torn INTEGER NOT NULL DEFAULT 0;

-- When it was handed over, while that counts for how often a person is written to.
ALTER TABLE deliveries ADD COLUMN sent_at INTEGER;

-- Campaigns that were published; one that never was is a definition alone.
CREATE TABLE campaigns (
    account_id TEXT NOT NULL REFERENCES publishers,
    campaign TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    next_due INTEGER,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, campaign)
) STRICT, WITHOUT ROWID;
CREATE INDEX campaigns_due ON campaigns (next_due) WHERE next_due IS NOT NULL;

-- What was published: never changed, with its content inside.
CREATE TABLE campaign_versions (
    account_id TEXT NOT NULL,
    campaign TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    published_by TEXT NOT NULL,
    approved_by TEXT,
    PRIMARY KEY (account_id, campaign, version)
) STRICT, WITHOUT ROWID;

-- Addresses that are never written to, by keyed hash; sealed beside it for whoever may see them.
CREATE TABLE suppressions (
    account_id TEXT NOT NULL REFERENCES publishers,
    channel TEXT NOT NULL,
    hash BLOB NOT NULL,
    reason TEXT NOT NULL,
    address BLOB,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (account_id, channel, hash)
) STRICT, WITHOUT ROWID;

-- Openings of messages and links that were followed. Until somebody knows, machine is null.
CREATE TABLE visits (
    account_id TEXT NOT NULL,
    message BLOB NOT NULL,
    number INTEGER NOT NULL,
    run TEXT NOT NULL,
    kind TEXT NOT NULL,
    link INTEGER NOT NULL,
    at INTEGER NOT NULL,
    machine INTEGER,
    PRIMARY KEY (account_id, message, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX visits_of_a_run ON visits (account_id, run);
CREATE INDEX visits_waiting ON visits (at) WHERE machine IS NULL;
