-- What became of fires that could not be on time: passed by more than a minute ago, without a run of their own, and in one
-- with the run that was to follow another.
ALTER TABLE scheduled_tasks ADD COLUMN missed_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scheduled_tasks ADD COLUMN skipped_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scheduled_tasks ADD COLUMN queued_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scheduled_tasks ADD COLUMN last_missed_at BIGINT;
-- Missed fires that run one after another: the next of them, and the last.
ALTER TABLE scheduled_tasks ADD COLUMN catch_up_next BIGINT;
ALTER TABLE scheduled_tasks ADD COLUMN catch_up_last BIGINT;
-- Who paused all publishing, when and why, as JSON; empty while nobody has. Locked by whoever begins a run.
INSERT INTO meta (key, value) VALUES ('paused', '');
