-- What a platform gives for an account's secret, and takes in its place for a while. All nodes share it, and one at a time
-- fetches it anew.
CREATE TABLE platform_tokens (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL, -- tells address, name and secret apart that it was fetched for, without telling them
    sealed TEXT, -- NULL before the first
    renew_at BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL DEFAULT 0,
    fetched_by TEXT, -- who fetches one now
    fetched_until BIGINT -- and how long others wait for that
);
