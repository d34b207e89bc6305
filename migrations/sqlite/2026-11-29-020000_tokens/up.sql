-- Which accounts a token is for, as a JSON list; none: all. Until when it can be used, and when it last was.
ALTER TABLE api_tokens ADD COLUMN account_ids TEXT;
ALTER TABLE api_tokens ADD COLUMN expires_at BIGINT;
ALTER TABLE api_tokens ADD COLUMN last_used_at BIGINT;
