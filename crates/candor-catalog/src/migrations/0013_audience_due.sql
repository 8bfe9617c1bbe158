-- What is due and free is found without the people, who are 64 KiB of each row; run by run, so that
-- runs take turns.
DROP INDEX audience_due;
CREATE INDEX audience_due ON audience (account_id, run, due, leased_until);
