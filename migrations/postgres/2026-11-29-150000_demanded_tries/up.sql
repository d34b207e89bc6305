-- A try without a run, because a person wanted it out now. Questions to platforms have no run either.
ALTER TABLE publish_logs ADD COLUMN on_demand BOOLEAN NOT NULL DEFAULT FALSE;
