-- What tasks of the type `recycle` have put back into the pool, and how often.
CREATE TABLE recycled_contents (
    task_id BIGINT NOT NULL REFERENCES scheduled_tasks (id) ON DELETE CASCADE,
    content_id BIGINT NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    times INTEGER NOT NULL CHECK (times > 0),
    last_added_at BIGINT NOT NULL,
    PRIMARY KEY (task_id, content_id, account_id)
);
CREATE INDEX recycled_contents_by_content ON recycled_contents (content_id);
CREATE INDEX recycled_contents_by_account ON recycled_contents (account_id);

-- Files whose content was deleted: a task that imports their folder does not bring them back.
CREATE TABLE deleted_imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL
);
CREATE INDEX deleted_imports_by_path ON deleted_imports (path);
CREATE INDEX deleted_imports_by_sha256 ON deleted_imports (sha256);
