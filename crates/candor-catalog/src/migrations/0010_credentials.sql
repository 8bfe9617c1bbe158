-- How each provider of a channel is reached, with its passwords and keys: sealed by the publisher's
-- keys before it comes here.
CREATE TABLE credentials (
    account_id TEXT NOT NULL REFERENCES publishers,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    sealed BLOB NOT NULL,
    changed_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (account_id, channel, provider)
) STRICT, WITHOUT ROWID;
