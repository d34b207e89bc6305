-- What becomes of a text that was published on the account lately, or waits for it.
ALTER TABLE accounts ADD COLUMN on_similar TEXT NOT NULL DEFAULT 'warn' CHECK (on_similar IN ('warn', 'refuse'));
-- The words of the newest revision, without what does not make it another text, as SHA-256. NULL of what an earlier version
-- of the program wrote, until a server has read it.
ALTER TABLE contents ADD COLUMN text_hash TEXT;
CREATE INDEX contents_by_text ON contents (text_hash, id) WHERE text_hash IS NOT NULL;
CREATE INDEX contents_unread ON contents (id) WHERE text_hash IS NULL;
