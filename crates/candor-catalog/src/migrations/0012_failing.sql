-- Since when nothing went by a provider, and whether it was switched off for that.
ALTER TABLE credentials ADD COLUMN failing_since INTEGER;
ALTER TABLE credentials ADD COLUMN off INTEGER NOT NULL DEFAULT 0;
