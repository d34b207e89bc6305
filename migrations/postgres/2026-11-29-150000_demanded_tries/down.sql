ALTER TABLE publish_logs DROP COLUMN on_demand;
