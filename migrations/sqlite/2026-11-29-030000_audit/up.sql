-- Who changed what, when and from where; states are JSON. Rows are only ever added.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    token_id BIGINT,
    place TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id BIGINT,
    state_before TEXT,
    state_after TEXT
);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_who ON audit (who, at, id);
CREATE INDEX audit_by_resource ON audit (resource, at, id);
CREATE INDEX audit_by_subject ON audit (resource, resource_id, at, id);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'rows of the audit are never changed');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'rows of the audit are never deleted');
END;
