-- Gates of a lane that its user sets.
ALTER TABLE accounts ADD COLUMN spacing_seconds INTEGER NOT NULL DEFAULT 0 CHECK (spacing_seconds BETWEEN 0 AND 31622400);
ALTER TABLE accounts ADD COLUMN daily_cap INTEGER CHECK (daily_cap BETWEEN 1 AND 1000000);
ALTER TABLE accounts ADD COLUMN windows TEXT NOT NULL DEFAULT '[]'; -- JSON, e.g. ["mon-fri 08:00-23:00"]; none: always
ALTER TABLE accounts ADD COLUMN give_up_after_seconds INTEGER NOT NULL DEFAULT 86400
    CHECK (give_up_after_seconds BETWEEN 60 AND 31622400);
ALTER TABLE accounts ADD COLUMN late_after_seconds INTEGER CHECK (late_after_seconds BETWEEN 1 AND 31622400);
-- Never later than the instant at which the lane opens: before it, no claim looks at it.
ALTER TABLE accounts ADD COLUMN opens_at BIGINT NOT NULL DEFAULT 0;
-- There is a gate to look at: a setting, or something in `lanes`.
ALTER TABLE accounts ADD COLUMN gated BOOLEAN NOT NULL DEFAULT FALSE;
-- The platform failed since it last answered.
ALTER TABLE accounts ADD COLUMN awaits_answer BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE accounts ADD COLUMN answered_at BIGINT; -- the first answer after a failure

-- What the engine knows of a lane, where there is something to know. Read and written with the account's row locked.
CREATE TABLE lanes (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    failures INTEGER NOT NULL DEFAULT 0, -- of the platform, in a row
    wait_until BIGINT, -- the platform asked to wait
    tripped_at BIGINT, -- the breaker's
    probe_at BIGINT,
    probes INTEGER NOT NULL DEFAULT 0,
    probed_entry BIGINT,
    sent_at BIGINT, -- the last send, for the spacing
    cap_day BIGINT, -- the day, in the account's zone, that cap_count counts
    cap_count INTEGER NOT NULL DEFAULT 0
);

-- What is not out by then is not published late.
ALTER TABLE publish_pool ADD COLUMN late_after_seconds INTEGER CHECK (late_after_seconds BETWEEN 1 AND 31622400);
ALTER TABLE publish_pool ADD COLUMN late_at BIGINT;
ALTER TABLE publish_pool ADD COLUMN retried_at BIGINT; -- by hand
ALTER TABLE publish_pool ADD COLUMN pushed_from BIGINT; -- the due_at that a failure of the platform put off
CREATE INDEX publish_pool_late ON publish_pool (late_at) WHERE status = 'pending' AND late_at IS NOT NULL;
CREATE INDEX publish_pool_pushed ON publish_pool (account_id) WHERE pushed_from IS NOT NULL;
CREATE INDEX publish_pool_unproven ON publish_pool (account_id, due_at) WHERE status = 'pending' AND NOT held AND unproven;

-- Nodes that run, for whoever looks: nothing is decided by it. A node removes its row when it ends in order.
CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    version TEXT NOT NULL,
    fires BOOLEAN NOT NULL, -- false for a command
    concurrency INTEGER NOT NULL,
    lease_seconds INTEGER NOT NULL,
    stopping BOOLEAN NOT NULL,
    restarts TEXT NOT NULL, -- JSON: of what, how often
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL -- by the database's clock
);
CREATE INDEX publish_pool_uncertain ON publish_pool (account_id) WHERE status = 'uncertain';
CREATE INDEX publish_logs_doubles ON publish_logs (finished_at) WHERE error_code = 'possible_duplicate';
