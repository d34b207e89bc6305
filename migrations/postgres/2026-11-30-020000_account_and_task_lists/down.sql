DROP INDEX scheduled_tasks_by_enabled;
DROP INDEX scheduled_tasks_by_type;
DROP INDEX accounts_by_enabled_and_platform;
DROP INDEX accounts_by_enabled;
DROP INDEX accounts_by_platform;
