# What the command line says.

# How long, and how long from now.
span-seconds = { $count } s
span-minutes = { $count } min
span-hours = { $count } h
span-days = { $count } d
relative-now = now
relative-in = in { $span }
relative-ago = { $span } ago

# How a command ends.
failure = error: { $what }
content-preview-note = note: { $what }
hint = hint: { $what }
hint-no-database = Say where it is with --data-dir or --database-url; `contenthub config show` tells what is set. The first `contenthub serve` makes one.
hint-stopped-run = The same command again takes what is left, which belongs to execution { $execution }: `contenthub scheduler history` has its report then.
hint-stopped = Give the same command again to take what is left now.
hint-by-pg-restore = While no server runs: pg_restore --clean --if-exists --no-owner -d DATABASE FILE, and then `contenthub db restore --after`.
hint-node-alive = Stop it; of one that was killed, wait until its lease is over.
hint-unsound = Stop the server, keep a copy, and restore the last good backup.
hint-port = Another program has this port; choose one with --listen 127.0.0.1:PORT.
hint-already-in-pool = Change or cancel that entry, or wait until it has been published.
hint-already-published = To publish it there once more on purpose, add it with --again.
hint-similar-text = To publish it there all the same, add it with --again; contenthub account update --on-similar warn has the account take such texts.
hint-uncertain = Look whether it is out, and say so with contenthub publish-pool resolve.
hint-maybe-published = Wait for the next attempt, or say what became of it with contenthub publish-pool resolve.
hint-wrong-secret-key = Start with the key of this database: CONTENTHUB_SECRET_KEY, or secret.key in the data directory.
hint-in-use = Cancel or remove those entries first.
hint-in-a-moment = Try again in a moment.
hint-no-account = contenthub account list shows which there are.
hint-no-content = contenthub content list shows which there are.
hint-no-entry = contenthub publish-pool list shows which there are; contenthub publisher history --entry ID what became of one that was removed.
hint-no-task = contenthub scheduler list shows which there are.
hint-no-log-row = contenthub publisher history shows which there are.
hint-no-media = contenthub media list shows which there are.
hint-no-token = contenthub token list shows which there are.

# What was done.
done-added = Entry { $entry }: content { $content } goes out on account { $account } at { $at } with priority { $priority }.
done-added-waits = Entry { $entry }: content { $content } is in the pool for account { $account } with priority { $priority }, and waits: { $why }
done-added-now = Entry { $entry }: content { $content } goes out on account { $account } now with priority { $priority }.
done-entry-gone = Entry { $entry } is gone; its log stays.
done-cleared = { $count } published entries removed; the log stays.
done-task-made = Task { $task } “{ $name }” was created: { $schedule }; next run: { $at }.
done-task-made-on-due = Task { $task } “{ $name }” was created: { $schedule }.
done-task-made-disabled = Task { $task } “{ $name }” was created: { $schedule }; it is disabled, and runs when triggered.
done-task-gone = Task { $task } is gone; its history stays.
done-task-enabled = Task { $task } “{ $name }” is enabled.
done-task-disabled = Task { $task } “{ $name }” is disabled.
done-run-cancelled = Execution { $execution } is cancelled.
done-run-stopped =
    { $count ->
        [1] Execution { $execution } takes nothing new. One post is on the wire still: with it the run is over (contenthub scheduler history { $task }).
       *[other] Execution { $execution } takes nothing new. { $count } posts are on the wire still: with the last of them the run is over (contenthub scheduler history { $task }).
    }
done-content-made = Content { $content } “{ $title }” was created.
done-content-gone = Content { $content } is gone.
done-media-added = Picture { $media }: { $file } ({ $kind }, { $width } × { $height }) is kept; a text calls it:
done-media-known = Picture { $media }: { $file } ({ $kind }, { $width } × { $height }) was kept already; a text calls it:
done-media-gone = Picture { $media } is gone.
done-account-made = Account { $account } “{ $name }” was created.
done-account-gone = Account { $account } “{ $name }” is gone.
done-account-works = Account { $account } “{ $name }”: { $message }.
done-token-made = Token { $token } “{ $name }” ({ $role }); it is shown only now:
done-token-revoked = Token { $token } is revoked.
done-key-rotated =
    { $count ->
        [0] There were no credentials to seal. New ones are sealed with the key { $key }.
        [1] The credentials of one account are sealed with the new key { $key }.
       *[other] The credentials of { $count } accounts are sealed with the new key { $key }.
    }
done-key-in-use = Credentials are sealed with the first of the keys already ({ $key }).
note-key-aside = note: the old key is kept in { $files }; delete it when you have no copies of the database from before
note-key-given = note: take the old key out of CONTENTHUB_SECRET_KEY now; keep it as long as you have copies of the database from before
done-man = { $count } manual pages are in { $dir }; man -l { $dir }/contenthub.1 shows the first.

# Of a list.
list-goes-on = There may be more: --cursor { $next } goes on from there.
list-more = { $first } to { $last } of { $total }; --page { $next } shows the next.

# What is asked for on a terminal.
ask-account-name = Name of the account
ask-platform = Platform
ask-task-name = Name of the task
ask-schedule = When does it run?
ask-task-type = What does it do?
ask-timezone = Time zone
ask-on-due = Whenever an entry is due
ask-interval = Every so many seconds
ask-cron = At the times of a cron expression
ask-once = Once
ask-interval-seconds = Seconds between runs
ask-cron-expression = Cron expression (minute hour day month weekday), such as 0 9 * * 1-5
ask-run-at = When (in { $zone }), such as 2030-02-06 12:00

# publish-pool show.
show-what-to-do = What you can do now:
show-attempts-more = { $count } attempts in all; contenthub publisher history shows them.

# scheduler trigger.
report-total = Total { $total }, succeeded { $succeeded }, failed { $failed }, skipped { $skipped }; { $seconds } s
report-skipped = account { $account }: { $count } skipped: { $reason }
