-- Whose end was not seen is looked up before it is sent again; what was submitted is asked for. Both need no run.
ALTER TABLE publish_pool ADD COLUMN look_up_at BIGINT; -- the next look-up; until it has found nothing twice, held
ALTER TABLE publish_pool ADD COLUMN looked_up INTEGER NOT NULL DEFAULT 0; -- look-ups in a row that found nothing
ALTER TABLE publish_pool ADD COLUMN submitted_at BIGINT; -- since when the platform works on it
CREATE INDEX publish_pool_questions ON publish_pool (coalesce(look_up_at, check_at))
    WHERE look_up_at IS NOT NULL OR check_at IS NOT NULL;
-- Entries that outlived several nodes: at most one of them is in flight on a node.
CREATE INDEX publish_pool_suspects ON publish_pool (account_id, priority, due_at, id)
    WHERE status = 'pending' AND NOT held AND recoveries >= 3;

-- How far a publish of several steps has come. Gone once the entry is published.
CREATE TABLE publish_checkpoints (
    pool_id BIGINT NOT NULL REFERENCES publish_pool (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    revision INTEGER NOT NULL,
    irreversible BOOLEAN NOT NULL, -- must not be done twice: from its beginning on the post may be out
    result TEXT, -- JSON; NULL where the step was begun, and its end was not seen
    reached_at BIGINT NOT NULL,
    PRIMARY KEY (pool_id, step)
);

-- A run whose nodes are all gone is closed as interrupted.
ALTER TABLE executions ADD COLUMN lease_expires_at BIGINT;
