-- What was answered to requests that their clients had given an Idempotency-Key, sealed with the key of the installation.
CREATE TABLE idempotency_keys (
    token_id BIGINT NOT NULL,
    idempotency_key TEXT NOT NULL,
    sealed_answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (token_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
