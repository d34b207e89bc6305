DROP INDEX contents_by_account_and_review;
DROP INDEX contents_by_review;
DROP INDEX contents_by_account;
