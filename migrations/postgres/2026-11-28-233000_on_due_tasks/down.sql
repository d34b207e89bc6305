DROP INDEX scheduled_tasks_on_due;
