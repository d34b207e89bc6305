-- Further contents that an entry publishes beside its own, in one post: 1 to 7 of them, in their order.
CREATE TABLE extra_contents (
    pool_id BIGINT NOT NULL REFERENCES publish_pool (id) ON DELETE CASCADE,
    place INTEGER NOT NULL CHECK (place BETWEEN 1 AND 7),
    content_id BIGINT NOT NULL REFERENCES contents (id),
    revision INTEGER, -- of the last attempt
    PRIMARY KEY (pool_id, place)
);
CREATE UNIQUE INDEX extra_contents_by_content ON extra_contents (content_id, pool_id);
