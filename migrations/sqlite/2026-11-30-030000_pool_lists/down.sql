DROP INDEX publish_pool_by_account;
DROP INDEX publish_pool_held;
DROP INDEX publish_pool_ended;
