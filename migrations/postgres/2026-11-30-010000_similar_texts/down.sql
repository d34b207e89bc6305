DROP INDEX contents_unread;
DROP INDEX contents_by_text;
ALTER TABLE contents DROP COLUMN text_hash;
ALTER TABLE accounts DROP COLUMN on_similar;
