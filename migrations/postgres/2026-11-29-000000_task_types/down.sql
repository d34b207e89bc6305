DROP INDEX executions_found_nothing;
ALTER TABLE executions DROP COLUMN found_nothing;
ALTER TABLE executions DROP COLUMN owner;
ALTER TABLE executions DROP COLUMN params;
ALTER TABLE executions DROP COLUMN task_type;
