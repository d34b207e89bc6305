-- Since when a platform asks to wait: where the clock was stepped back, it waits as long as it was told, and no longer.
ALTER TABLE lanes ADD COLUMN told_at BIGINT;
-- What keeps a node from publishing whatever is due, such as a clock that leapt; NULL while nothing does.
ALTER TABLE nodes ADD COLUMN held TEXT;
