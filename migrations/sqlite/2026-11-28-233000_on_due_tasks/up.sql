-- The few tasks that fire when something is due, found at each look of the scheduler among all that there are.
CREATE INDEX scheduled_tasks_on_due ON scheduled_tasks (id) WHERE enabled AND schedule_type = 'on_due';
