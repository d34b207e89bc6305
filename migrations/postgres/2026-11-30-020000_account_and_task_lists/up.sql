-- What lists of accounts and of tasks can be asked for. None of these columns changes while posts go out.
CREATE INDEX accounts_by_platform ON accounts (platform, id);
CREATE INDEX accounts_by_enabled ON accounts (enabled, id);
CREATE INDEX accounts_by_enabled_and_platform ON accounts (enabled, platform, id);
CREATE INDEX scheduled_tasks_by_type ON scheduled_tasks (task_type, id);
CREATE INDEX scheduled_tasks_by_enabled ON scheduled_tasks (enabled, id);
