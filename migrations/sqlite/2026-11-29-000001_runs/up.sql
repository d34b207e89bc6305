-- A run that was ended while posts of it were on the wire: it claims nothing any more, and ends as this with the last.
ALTER TABLE executions ADD COLUMN ends_as TEXT CHECK (ends_as IN ('cancelled'));
-- Lists of them, newest first, by what is asked for.
CREATE INDEX executions_by_status ON executions (status, id);
CREATE INDEX executions_by_task_and_status ON executions (task_id, status, id);
CREATE INDEX executions_by_trigger ON executions (triggered_by, id);
CREATE INDEX executions_by_task_and_trigger ON executions (task_id, triggered_by, id);
