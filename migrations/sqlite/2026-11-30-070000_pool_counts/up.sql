-- How many entries of each status an account has, kept by whoever changes one in the same transaction: a million of them are
-- not counted each time that somebody asks. 'open' is pending or publishing: a claim changes nothing here.
CREATE TABLE pool_counts (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id BIGINT NOT NULL,
    status TEXT NOT NULL,
    entries BIGINT NOT NULL,
    UNIQUE (account_id, status)
);
INSERT INTO pool_counts (account_id, status, entries)
    SELECT account_id, CASE WHEN status = 'pending' OR status = 'publishing' THEN 'open' ELSE status END AS counted, count(*)
    FROM publish_pool GROUP BY account_id, counted;
