-- Where a check or the condition of an index holds a column against a list of three words or more, SQLite makes a table of
-- them, each time that it writes a row: half of what it did for a post. Word by word it says the same, and makes none.
-- What a check says is no part of the rows, so its text is all that changes: https://www.sqlite.org/lang_altertable.html
-- ("Making Other Kinds Of Table Schema Changes"). The indexes that follow tell other connections that there is a new schema.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (status IN (''pending'', ''publishing'', ''published'', ''failed'', ''uncertain'', ''cancelled''))',
    'CHECK (status = ''pending'' OR status = ''publishing'' OR status = ''published'' OR status = ''failed'''
        || ' OR status = ''uncertain'' OR status = ''cancelled'')')
  WHERE type = 'table' AND name = 'publish_pool';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (status IN (''published'', ''failed'', ''error'', ''uncertain'', ''submitted'', ''not_sent''))',
    'CHECK (status = ''published'' OR status = ''failed'' OR status = ''error'' OR status = ''uncertain'''
        || ' OR status = ''submitted'' OR status = ''not_sent'')')
  WHERE type = 'table' AND name = 'publish_logs';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (review_status IN (''draft'', ''pending_review'', ''approved'', ''rejected''))',
    'CHECK (review_status = ''draft'' OR review_status = ''pending_review'' OR review_status = ''approved'''
        || ' OR review_status = ''rejected'')')
  WHERE type = 'table' AND name = 'contents';
PRAGMA writable_schema = RESET;
DROP INDEX publish_pool_open;
CREATE UNIQUE INDEX publish_pool_open ON publish_pool (content_id, account_id)
    WHERE status = 'pending' OR status = 'publishing' OR status = 'uncertain';
DROP INDEX publish_pool_slot;
CREATE UNIQUE INDEX publish_pool_slot ON publish_pool (account_id, slot_at)
    WHERE slot_at IS NOT NULL AND (status = 'pending' OR status = 'publishing' OR status = 'uncertain');
