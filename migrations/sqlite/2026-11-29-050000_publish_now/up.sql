-- Entries that a person wants out now: over schedule, window and spacing, and without a run.
CREATE TABLE publish_demands (
    pool_id BIGINT PRIMARY KEY NOT NULL REFERENCES publish_pool (id) ON DELETE CASCADE,
    asked_at BIGINT NOT NULL,
    asked_by TEXT NOT NULL
);
