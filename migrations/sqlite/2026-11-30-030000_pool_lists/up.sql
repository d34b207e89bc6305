-- What lists of the pool are asked for, and has no index for something else. An entry that is published is in neither of
-- them, unless it waited for its content's approval.
CREATE INDEX publish_pool_ended ON publish_pool (status, id) WHERE status = 'failed' OR status = 'cancelled';
CREATE INDEX publish_pool_held ON publish_pool (account_id, priority, id) WHERE status = 'pending' AND held;
-- All of an account, newest first. Neither column ever changes. In a form that no other question has: what is asked of an
-- account beside something else has a better index, and without statistics that is not known.
CREATE INDEX publish_pool_by_account ON publish_pool (account_id + 0, id);
