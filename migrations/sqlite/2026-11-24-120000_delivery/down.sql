ALTER TABLE executions DROP COLUMN lease_expires_at;
DROP TABLE publish_checkpoints;
DROP INDEX publish_pool_suspects;
DROP INDEX publish_pool_questions;
ALTER TABLE publish_pool DROP COLUMN submitted_at;
ALTER TABLE publish_pool DROP COLUMN looked_up;
ALTER TABLE publish_pool DROP COLUMN look_up_at;
