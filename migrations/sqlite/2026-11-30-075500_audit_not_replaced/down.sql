DROP TRIGGER audit_is_never_replaced;
