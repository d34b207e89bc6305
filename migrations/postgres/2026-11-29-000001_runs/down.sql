DROP INDEX executions_by_task_and_trigger;
DROP INDEX executions_by_trigger;
DROP INDEX executions_by_task_and_status;
DROP INDEX executions_by_status;
ALTER TABLE executions DROP COLUMN ends_as;
