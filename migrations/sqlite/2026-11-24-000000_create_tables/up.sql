-- Instants are microseconds since 1970, UTC. Booleans are 0 and 1. JSON is text.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    platform TEXT NOT NULL,
    settings TEXT NOT NULL,
    credentials TEXT, -- sealed; NULL where there are none
    credential_names TEXT NOT NULL DEFAULT '[]',
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    timezone TEXT NOT NULL,
    concurrency INTEGER NOT NULL CHECK (concurrency BETWEEN 1 AND 1024),
    on_unknown TEXT NOT NULL DEFAULT 'ask' CHECK (on_unknown IN ('ask', 'retry')),
    suspended_reason TEXT,
    suspended_until BIGINT,
    suspended_by_machine BOOLEAN NOT NULL DEFAULT FALSE,
    wrong_address_entry BIGINT, -- the entry that found no taker here since the last success
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    revision INTEGER NOT NULL,
    review_status TEXT NOT NULL CHECK (review_status IN ('draft', 'pending_review', 'approved', 'rejected')),
    account_id BIGINT REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE content_revisions (
    content_id BIGINT NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    digest TEXT,
    author TEXT,
    cover TEXT,
    tags TEXT NOT NULL DEFAULT '[]',
    source_url TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (content_id, revision)
);

-- What was imported: a row each time that a file came with bytes it did not have before. The first file of a content
-- stands for it; others are copies.
CREATE TABLE imported_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    path TEXT NOT NULL, -- where the file is now, as far as is known
    sha256 TEXT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES contents (id) ON DELETE CASCADE
);
CREATE INDEX imported_files_by_path ON imported_files (path);
CREATE INDEX imported_files_by_sha256 ON imported_files (sha256);
CREATE INDEX imported_files_by_content ON imported_files (content_id);

-- Hot and narrow: no body, no error text. A row is written twice on its way out.
CREATE TABLE publish_pool (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    content_id BIGINT NOT NULL REFERENCES contents (id),
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'publishing', 'published', 'failed', 'uncertain', 'cancelled')),
    priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 10),
    scheduled_at BIGINT, -- as asked; never rewritten
    due_at BIGINT NOT NULL,
    held BOOLEAN NOT NULL DEFAULT FALSE,
    unproven BOOLEAN NOT NULL DEFAULT FALSE,
    retry_count INTEGER NOT NULL DEFAULT 0 CHECK (retry_count >= 0),
    max_retries INTEGER NOT NULL CHECK (max_retries BETWEEN 0 AND 1000),
    attempt INTEGER NOT NULL DEFAULT 0,
    idempotency_key TEXT NOT NULL,
    revision INTEGER, -- of the last attempt
    claimed_by TEXT,
    claimed_at BIGINT,
    lease_expires_at BIGINT,
    check_at BIGINT, -- the platform has it and works on it; nobody holds it until then
    execution_id BIGINT,
    recoveries INTEGER NOT NULL DEFAULT 0,
    log_id BIGINT, -- of the last attempt
    published_at BIGINT,
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((status = 'publishing') = (claimed_by IS NOT NULL OR check_at IS NOT NULL))
);
-- The claim: per lane, by urgency. The next due instant: per lane, by time.
CREATE INDEX publish_pool_claim ON publish_pool (account_id, priority, due_at, id) WHERE status = 'pending' AND NOT held;
CREATE INDEX publish_pool_due ON publish_pool (account_id, due_at) WHERE status = 'pending' AND NOT held;
-- What is on the wire: few rows, counted lane by lane, or looked at as a whole.
CREATE INDEX publish_pool_publishing ON publish_pool (account_id) WHERE status = 'publishing';
CREATE UNIQUE INDEX publish_pool_open ON publish_pool (content_id, account_id)
    WHERE status IN ('pending', 'publishing', 'uncertain');
CREATE INDEX publish_pool_by_content ON publish_pool (content_id);

-- What was published where, for good: neither clearing nor pruning the pool touches it.
CREATE TABLE published_contents (
    content_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    first_published_at BIGINT NOT NULL,
    PRIMARY KEY (content_id, account_id)
) WITHOUT ROWID;

-- One row per attempt, never overwritten. Outlives the entry.
CREATE TABLE publish_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    pool_id BIGINT NOT NULL,
    content_id BIGINT NOT NULL,
    revision INTEGER NOT NULL,
    account_id BIGINT NOT NULL,
    execution_id BIGINT,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('published', 'failed', 'error', 'uncertain', 'submitted', 'not_sent')),
    error_code TEXT,
    error_message TEXT,
    media_id TEXT,
    url TEXT,
    retry_at BIGINT,
    said_by TEXT, -- the person, where a person said it
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX publish_logs_by_attempt ON publish_logs (pool_id, attempt);
CREATE INDEX publish_logs_by_execution ON publish_logs (execution_id, id) WHERE execution_id IS NOT NULL;
CREATE INDEX publish_logs_by_content ON publish_logs (content_id);

CREATE TABLE scheduled_tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    task_type TEXT NOT NULL,
    schedule_type TEXT NOT NULL CHECK (schedule_type IN ('interval', 'cron', 'once', 'on_due')),
    interval_seconds BIGINT CHECK (interval_seconds BETWEEN 1 AND 31622400),
    cron TEXT,
    run_at BIGINT,
    timezone TEXT NOT NULL,
    params TEXT NOT NULL DEFAULT '{}',
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    misfire TEXT NOT NULL DEFAULT 'fire_once' CHECK (misfire IN ('fire_once', 'skip', 'fire_all')),
    anchor BIGINT NOT NULL,
    next_run BIGINT,
    last_run BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX scheduled_tasks_next ON scheduled_tasks (next_run) WHERE enabled AND next_run IS NOT NULL;

CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    task_id BIGINT NOT NULL, -- kept when the task is deleted
    rule TEXT NOT NULL CHECK (rule IN ('by_hand', 'scheduled', 'on_due')),
    triggered_by TEXT NOT NULL CHECK (triggered_by IN ('schedule', 'api', 'cli')),
    status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    fire_time BIGINT,
    claiming BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    report TEXT
);
CREATE UNIQUE INDEX executions_by_fire ON executions (task_id, fire_time) WHERE fire_time IS NOT NULL;
CREATE UNIQUE INDEX executions_running ON executions (task_id) WHERE status = 'running';
CREATE UNIQUE INDEX executions_queued ON executions (task_id) WHERE status = 'queued';
CREATE INDEX executions_by_task ON executions (task_id, id);

CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'operator', 'admin')),
    created_at BIGINT NOT NULL
);
