-- INSERT OR REPLACE deletes what was there, and no trigger of deletions hears of it unless triggers are recursive.
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'rows of the audit are never changed');
END;
