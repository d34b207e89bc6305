# What commands came to.

# Two sentences, one after the other.
said-next = { $first } { $next }
warning = warning: { $what }

# scheduler pause and resume.
pause-done = Publishing is paused since { $since } by { $by }. `contenthub scheduler resume` ends it.
pause-done-because = Publishing is paused since { $since } by { $by }: { $reason }. `contenthub scheduler resume` ends it.
pause-over = Publishing goes on; it was paused since { $since } by { $by }.
pause-none = Publishing was not paused.

# What a run came to; in JSON it is always English.
run-nothing = No pending entries to publish
run-completed = Publishing completed: { $counts }
run-interrupted = Publishing interrupted: { $counts }
run-interrupted-untried = Publishing interrupted before anything was tried
run-cancelled = Publishing cancelled: { $counts }
run-cancelled-untried = Publishing cancelled before anything was tried
run-counts-next = { $first }, { $rest }
run-count-succeeded = { $count } succeeded
run-count-failed = { $count } failed
run-count-uncertain = { $count } uncertain
run-count-in-progress = { $count } in progress
run-count-skipped = { $count } skipped
report-entry = entry
report-content = content

# The same of a run that does not publish.
job-interrupted = Interrupted before its end: { $what }
job-interrupted-early = Interrupted before its end; what it had done until then stays done
job-process-gone = Interrupted: the process that did it is gone; what it had done until then stays done
job-cancelled = Cancelled before its end: { $what }
job-cancelled-early = Cancelled before its end; what it had done until then stays done
job-cancelled-untried = Cancelled before anything was done
job-failed = Failed: { $why }
job-copied = Copied the database to { $path } ({ $bytes } bytes); { $removed } older removed
job-pruned = Removed { $runs } runs, { $logs } rows of the publish log and { $keys } idempotency keys
job-pruned-pictures = { $removed }, and { $pictures } pictures that nothing shows
job-pruned-nothing = Nothing is old enough to be removed
job-imported = Imported { $folder }: { $created } created, { $updated } updated, { $unchanged } unchanged; { $added } entries added
job-imported-bad =
    { $count ->
        [1] { $said }; one file cannot be imported
       *[other] { $said }; { $count } files cannot be imported
    }
job-imported-unsettled =
    { $count ->
        [1] { $said }; one is being written, and left for the next run
       *[other] { $said }; { $count } are being written, and left for the next run
    }
job-recycled =
    { $count ->
        [1] Put one content back into the pool
       *[other] Put { $count } contents back into the pool
    }
job-recycled-nothing = Nothing is to be put back
job-recycled-nothing-before = Nothing is to be put back before { $at }
job-recycled-over = { $said }; the task has switched itself off: { $why }

# db migrate, check, backup and restore.
migrate-nothing = The schema is up to date; there was nothing to do.
migrate-done = The schema was brought up to date: { $run }.
migrate-copy = A copy of the database as it was is at { $path }.
check-done = { $database } is there. { $schema } Faults found: { $count }.
check-new = The database is new.
check-current = The schema ({ $version }) is up to date.
check-behind-file = The schema ({ $version }) is behind by { $missing }; the next command, such as `db migrate`, brings it up to date, and keeps a copy of it as it is beside it.
check-behind-server = The schema ({ $version }) is behind by { $missing }; the next command, such as `db migrate`, brings it up to date; make a backup before.
backup-done = The database was copied to { $path } ({ $bytes } bytes).
backup-removed = Older copies removed: { $count }.
note-key-not-in-it = note: the key is not in it; keep { $path } elsewhere
restore-done = { $database } is restored. Nothing goes out by itself until you say so.
restore-kept = The database that was there is kept at { $path }.
restore-migrated = The copy's schema was brought up to date: { $run }.
restore-after = What was added or changed after the copy was made is not in it.
restore-uncertain = Uncertain: { $count }. Look whether each is out, and say so: `publish-pool list --status uncertain`, `publish-pool resolve ID`.
restore-unproven = Unproven: { $count }. They are sent again with the same key, or looked up before, once publishing goes on.
restore-due-later = Due later: { $count }. They go out in their time.
restore-tasks = Tasks that are disabled: { $tasks }; `contenthub scheduler enable ID` lets them put posts into the pool again.
restore-paused = Publishing is paused. To go on, look first, start the server, and say `contenthub scheduler resume`.

# content import.
import-sum = { $created } created, { $updated } updated, { $unchanged } unchanged, { $skipped } skipped; { $added } entries added, { $changed } updated
import-sum-dry = dry run, nothing was changed: { $sum }
import-passed-over = note: keys of other programs were passed over: { $keys }
import-stale = { $count } changed after they were published; --again publishes them once more
import-similar = { $count } have the text of another post, which was published on their account within 30 days or waits for it: see ENTRIES
import-ended = { $count } failed or were cancelled before; see `publish-pool retry`

# account.
tested-answered = { $host } is there: it answered OPTIONS with { $status }. Only a post shows that it takes posts
tested-wechat-publishes = WeChat knows the account and this server's address. It may make drafts ({ $drafts } are there now), and publish too
tested-wechat-drafts = WeChat knows the account and this server's address. It may make drafts ({ $drafts } are there now), and not publish
tested-writable = { $folder } can be written
note-no-slots = note: account { $account } “{ $name }” has no posting slots; set them with account update --slots
note-deduplicates = note: its receiver must ignore a webhook-id that it has seen before; where it does not, say so with --setting deduplicates=false
slot-free = free
preview-shifted = shifted
slot-gone = in a slot that is no longer one

# scheduler task-types. In English it is what the parameters' schema says, which the API has too.
type-publishing = Publishes what is due, in order of priority: all of it, or only some accounts, priorities, or so many entries.
type-import-folder = Reads a folder of Markdown files: what is new goes into the pool, what changed is updated, nothing goes out twice.
type-recycle = Puts evergreen contents that were published before back into the pool, never one again within a set time.
type-prune = Removes old runs, old rows of the publish log, idempotency keys that are over and pictures that no content shows, in small batches. What is in the pool stays, and so does the memory of what was published where.
type-backup = Copies the whole database while it is in use, checks the copy, and keeps the newest few. On PostgreSQL it needs pg_dump.
param-publishing-account-ids = Only entries of these accounts.
param-publishing-max-priority = Only entries of this priority or a more urgent one; 1 is the most urgent, 10 the least.
param-publishing-limit = At most so many entries in one run.
param-import-folder = The folder: an absolute path on the server.
param-import-recursive = Also the folders in it.
param-import-account-ids = Where files go that name no account themselves. By default the only enabled account.
param-import-priority = Of entries whose file has none.
param-recycle-content-ids = Which contents: these, or else those with the tag.
param-recycle-tag = Which contents: those that have this tag at the time.
param-recycle-account-ids = On which accounts. By default on all that are enabled and had the content before.
param-recycle-count = How many for each account and run.
param-recycle-pause-days = No content goes to an account again within so many days.
param-recycle-times-max = Each content goes back to an account so often; after that the task switches itself off. By default for ever.
param-recycle-until = From this time on nothing is put back, and the task switches itself off.
param-prune-empty-runs-days = Runs that found nothing to do are kept for so many days.
param-prune-runs-days = All other runs are kept for so many days.
param-prune-logs-days = The publish log is kept for so many days; of entries that are still open for good.
param-prune-media-days = A picture is kept for so many days after nothing shows it any more, or after it was uploaded and nothing has.
param-backup-keep = How many copies are kept; older ones are removed once a new one is good.
param-backup-folder = Where they go: an absolute path on the server, of a folder that is there. By default the folder `backups` of the data directory.
param-required = required
param-range = { $least } to { $most }
param-default = default: { $value }

# A database that cannot be opened.
hint-make-database = Make it with createdb { $name }, on that server and as that user, or name another one with --database-url.
hint-database-refused = Start PostgreSQL there, or correct host and port: --database-url, CONTENTHUB_DATABASE_URL, or database_url in contenthub.toml.
hint-database-host = Correct the name of the host in --database-url, CONTENTHUB_DATABASE_URL, or database_url in contenthub.toml.
hint-database-user = Name a user whom this server lets in: postgres://USER:PASSWORD@HOST/NAME.
hint-not-sqlite = Name another file with --database-url or --data-dir; where it was one, restore the last good backup with contenthub db restore.
hint-database-file = Look whether its folder is there, and who may write to it; --data-dir or --database-url names another place.
hint-database-newer = Use the newer program, or a backup from before it: contenthub db restore FILE.

hint-changed = Read it again, and send the change with what it is now.
hint-key-reused = A key names one request for 24 hours; give each thing that is to be made a key of its own.
warning-open-files = the limit on open files could not be raised: { $error }
import-line = line { $line }: { $what }

progress-line = { $what }: { $done } of { $total }
progress-note = {" "}({ $note })
progress-running = running
progress-publishing = publishing
progress-reading-files = reading files
progress-writing = writing to the database
progress-counts = { $published } published, { $failed } failed
progress-counts-uncertain = { $published } published, { $failed } failed, { $uncertain } uncertain

import-entry = { $account }: { $became }
import-entry-id = {" "}(entry { $entry })
import-entry-due = , due { $at }
import-entry-note = , { $note }

# What a bench is at.
bench-filling = filling the pool
bench-publishing = publishing
bench-asking-alone = asking alone
bench-starting = starting
bench-alone-filling = alone: filling the pool
bench-alone-starting = alone: starting
bench-alone-publishing = alone: publishing
bench-alone-exact = alone: publishing at exact times
bench-crowded-filling = crowded: filling the pool
bench-crowded-waiting = crowded: until the hanging lanes are full
bench-crowded-publishing = crowded: publishing
bench-crowded-exact = crowded: publishing at exact times
bench-many-filling = 100 lanes: filling the pool
bench-many-starting = 100 lanes: starting
bench-many-publishing = 100 lanes: publishing
bench-start-one = starting with one task
bench-tick-one = firing one task of one
bench-start-all = starting with all tasks
bench-tick-all = firing one task of all
bench-making-tasks = making tasks
bench-idling = idling
bench-burst = tasks due in the same second
bench-ticking = ticking
bench-rendering = rendering articles
bench-slow-heads = slow heads
bench-slow-bodies = slow bodies
bench-idle-connections = idle connections
bench-endless-bodies = endless bodies
bench-bombs = bombs

# The first lines of a server.
serve-listening = ContentHub listens on { $at }
serve-unencrypted = ContentHub listens on { $address } WITHOUT ENCRYPTION: whoever is on the way can read the tokens and use them. Give it --tls-cert and --tls-key, put a proxy that has TLS in front and say --behind-proxy X-Forwarded-For, or listen on 127.0.0.1. See docs/exposing.md.
demo-site = The site:
demo-token = The token:
demo-try = Try it:
demo-mine = Mine
demo-hello = # Hello
demo-end = Posts go out over the next minute. Ctrl-C ends it, and the throw-away directory goes.
