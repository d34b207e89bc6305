-- What a list of contents can be asked for. The first also tells what an account that goes is named by.
CREATE INDEX contents_by_account ON contents (account_id, id);
CREATE INDEX contents_by_review ON contents (review_status, id);
CREATE INDEX contents_by_account_and_review ON contents (account_id, review_status, id);
