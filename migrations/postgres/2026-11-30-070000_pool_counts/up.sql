-- How many entries of each status an account has, kept by whoever changes one in the same transaction: a million of them are
-- not counted each time that somebody asks. 'open' is pending or publishing: a claim changes nothing here.
-- Each change is a row of its own, or all who add for one account would wait for each other; a server adds them up now and
-- then.
CREATE TABLE pool_counts (
    id BIGSERIAL PRIMARY KEY,
    account_id BIGINT NOT NULL,
    status TEXT NOT NULL,
    entries BIGINT NOT NULL
);
INSERT INTO pool_counts (account_id, status, entries)
    SELECT account_id, CASE WHEN status = 'pending' OR status = 'publishing' THEN 'open' ELSE status END AS counted, count(*)
    FROM publish_pool GROUP BY 1, 2;
