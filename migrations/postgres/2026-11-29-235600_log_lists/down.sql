DROP INDEX publish_logs_not_out_by_account;
DROP INDEX publish_logs_not_out;
DROP INDEX publish_logs_by_time;
DROP INDEX publish_logs_by_account;
