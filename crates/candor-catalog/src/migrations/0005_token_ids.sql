-- A token has an id of its own, by which it is shown and taken back.
ALTER TABLE api_tokens ADD COLUMN id TEXT NOT NULL DEFAULT '';
UPDATE api_tokens SET id = lower(hex(randomblob(8)));
CREATE UNIQUE INDEX api_tokens_by_id ON api_tokens (account_id, id);
