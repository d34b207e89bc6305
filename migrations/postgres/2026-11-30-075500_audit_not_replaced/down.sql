ALTER TABLE audit ENABLE TRIGGER audit_is_never_changed;
