-- What a list of attempts can be asked for. Rows are added in about the order of these, and never changed; what is out has no
-- entry in the last two, which are for what went wrong.
CREATE INDEX publish_logs_by_account ON publish_logs (account_id, id);
CREATE INDEX publish_logs_by_time ON publish_logs (finished_at, id);
CREATE INDEX publish_logs_not_out ON publish_logs (status, id) WHERE status <> 'published';
CREATE INDEX publish_logs_not_out_by_account ON publish_logs (account_id, status, id) WHERE status <> 'published';
