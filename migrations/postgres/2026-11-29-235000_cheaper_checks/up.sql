-- SQLite's alone; both databases have the same versions.
SELECT 1;
