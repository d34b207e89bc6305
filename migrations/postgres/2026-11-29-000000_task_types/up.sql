-- A run keeps what its task was when it began: what it does, and with which parameters.
ALTER TABLE executions ADD COLUMN task_type TEXT NOT NULL DEFAULT 'publishing';
ALTER TABLE executions ADD COLUMN params TEXT NOT NULL DEFAULT '{}';
-- The node that works on it, where it is no run of the engine's.
ALTER TABLE executions ADD COLUMN owner TEXT;
-- There was nothing to do. Such runs are kept for a shorter time.
ALTER TABLE executions ADD COLUMN found_nothing BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX executions_found_nothing ON executions (finished_at) WHERE found_nothing;
