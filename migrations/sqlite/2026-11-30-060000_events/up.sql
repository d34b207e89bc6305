-- What happens by itself and has no row of its own in the publish log or in the audit. With them it is the stream of events.
-- Rows are added in the transaction of what they tell, and go after a week.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    account_id BIGINT,
    execution_id BIGINT,
    log_id BIGINT,
    said TEXT
);
