DROP TABLE slot_watches;
DROP INDEX publish_pool_slot;
ALTER TABLE publish_pool DROP COLUMN slot_at;
ALTER TABLE accounts DROP COLUMN missed_slot;
ALTER TABLE accounts DROP COLUMN slots;
