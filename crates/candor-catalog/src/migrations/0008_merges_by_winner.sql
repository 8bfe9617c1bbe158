CREATE INDEX merges_by_winner ON merges (account_id, winner);
