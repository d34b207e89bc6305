-- Also for a session that says it is a replica, in which other triggers are silent.
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_is_never_changed;
