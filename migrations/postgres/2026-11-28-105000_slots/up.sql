-- The times of a week at which an account posts.
ALTER TABLE accounts ADD COLUMN slots TEXT NOT NULL DEFAULT '[]'; -- JSON, e.g. ["mon-fri 09:00,18:00"]
-- What becomes of a post that missed its slot: it goes out late, or sits in the next free one.
ALTER TABLE accounts ADD COLUMN missed_slot TEXT NOT NULL DEFAULT 'late' CHECK (missed_slot IN ('late', 'next'));

ALTER TABLE publish_pool ADD COLUMN slot_at BIGINT; -- the slot that it sits in
-- Nobody else sits in the slot of an open entry.
CREATE UNIQUE INDEX publish_pool_slot ON publish_pool (account_id, slot_at)
    WHERE slot_at IS NOT NULL AND status IN ('pending', 'publishing', 'uncertain');

-- Entries in slots of which there is more to know.
CREATE TABLE slot_watches (
    pool_id BIGINT NOT NULL PRIMARY KEY REFERENCES publish_pool (id) ON DELETE CASCADE,
    miss_at BIGINT, -- it is looked at then whether it has missed its slot, and is to sit in the next one
    missed_slot_at BIGINT -- the one that it missed
);
CREATE INDEX slot_watches_miss ON slot_watches (miss_at) WHERE miss_at IS NOT NULL;
