PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (status = ''pending'' OR status = ''publishing'' OR status = ''published'' OR status = ''failed'''
        || ' OR status = ''uncertain'' OR status = ''cancelled'')',
    'CHECK (status IN (''pending'', ''publishing'', ''published'', ''failed'', ''uncertain'', ''cancelled''))')
  WHERE type = 'table' AND name = 'publish_pool';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (status = ''published'' OR status = ''failed'' OR status = ''error'' OR status = ''uncertain'''
        || ' OR status = ''submitted'' OR status = ''not_sent'')',
    'CHECK (status IN (''published'', ''failed'', ''error'', ''uncertain'', ''submitted'', ''not_sent''))')
  WHERE type = 'table' AND name = 'publish_logs';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (review_status = ''draft'' OR review_status = ''pending_review'' OR review_status = ''approved'''
        || ' OR review_status = ''rejected'')',
    'CHECK (review_status IN (''draft'', ''pending_review'', ''approved'', ''rejected''))')
  WHERE type = 'table' AND name = 'contents';
PRAGMA writable_schema = RESET;
DROP INDEX publish_pool_open;
CREATE UNIQUE INDEX publish_pool_open ON publish_pool (content_id, account_id)
    WHERE status IN ('pending', 'publishing', 'uncertain');
DROP INDEX publish_pool_slot;
CREATE UNIQUE INDEX publish_pool_slot ON publish_pool (account_id, slot_at)
    WHERE slot_at IS NOT NULL AND status IN ('pending', 'publishing', 'uncertain');
