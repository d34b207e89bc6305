-- Pictures that are kept, one row a file. The file is in the data directory, in media/, under its hash.
CREATE TABLE media (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
    kind TEXT NOT NULL CHECK (kind IN ('png', 'jpeg', 'gif', 'webp')),
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    name TEXT, -- as the file was called where it came from first
    created_at BIGINT NOT NULL,
    unused_since BIGINT -- since when it is known that no content shows it
);

-- What a revision of a content calls its pictures, in its own words, and which they are.
CREATE TABLE content_media (
    content_id BIGINT NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    source TEXT NOT NULL,
    media_id BIGINT NOT NULL REFERENCES media (id),
    PRIMARY KEY (content_id, revision, source)
);
CREATE INDEX content_media_by_media ON content_media (media_id, content_id);

-- What an account's platform was given already. Rows stay when the file goes: it may come again.
CREATE TABLE media_uploads (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('body', 'cover')),
    place TEXT NOT NULL, -- where at the platform, as the platform's code names it
    platform_id TEXT,
    url TEXT,
    uploaded_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, sha256, purpose, place)
);
