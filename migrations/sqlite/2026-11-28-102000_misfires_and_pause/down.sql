DELETE FROM meta WHERE key = 'paused';
ALTER TABLE scheduled_tasks DROP COLUMN catch_up_last;
ALTER TABLE scheduled_tasks DROP COLUMN catch_up_next;
ALTER TABLE scheduled_tasks DROP COLUMN last_missed_at;
ALTER TABLE scheduled_tasks DROP COLUMN queued_count;
ALTER TABLE scheduled_tasks DROP COLUMN skipped_count;
ALTER TABLE scheduled_tasks DROP COLUMN missed_count;
