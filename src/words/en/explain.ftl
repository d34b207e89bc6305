# Why an entry stands where it stands: contenthub publish-pool show, GET /publish-pool/{id}?explain=true.
explain-pool = Entry { $entry } is in the pool: content { $content } “{ $title }” for account “{ $account }”, priority { $priority }.

explain-status-pending = It is pending: it waits to be published.
explain-status-unproven = It is pending, and an earlier attempt may have published it: the next one repeats the same post with the same key.
explain-status-look-up = Whether an earlier attempt has published it is looked up at { $at }; nothing is sent before.
explain-status-submitted = The platform accepted it at { $since } and works on it; it is asked at { $at }.
explain-status-publishing = It is being published: attempt { $attempt }, by node { $node }, since { $since }.
explain-status-published = It was published at { $at }: { $where }
explain-status-failed = It failed and is not tried again by itself: { $error }
explain-status-too-late = It failed without going out: it was too late. { $error }
explain-status-gave-up = It failed without going out: its platform was down for too long. { $error }
explain-status-uncertain = It may be out, and nobody but a person can tell: { $error }
explain-status-cancelled = It was cancelled.

explain-due-since = It is due since { $at }.
explain-due-scheduled = It is not due yet: its time is { $at }.
explain-due-backoff = It was tried and is due again at { $at }.

explain-before-none = Nothing stands before it in its lane.
explain-before-one = One entry stands before it in its lane.
explain-before-some = { $count } entries stand before it in its lane.

explain-lane-open = Its lane is open: of { $places } places { $busy } are taken.
explain-lane-full = Its lane is full: { $busy } of { $places } places are taken.
explain-lane-disabled = Its lane is shut: account “{ $account }” is disabled.
explain-lane-suspended = Its lane is shut: account “{ $account }” is suspended until somebody resumes it: { $reason }
explain-lane-suspended-until = Its lane is shut: account “{ $account }” is suspended until { $until }: { $reason }
explain-lane-wrong-key = Its lane is shut: the credentials of account “{ $account }” were sealed with another secret key than this process has.
explain-lane-asked-to-wait = Its lane is shut: the platform asks to wait until { $until }.
explain-lane-down = Its lane is shut: the platform has not answered since { $since }; it is tried next at { $until }.
explain-lane-tried = Its lane is shut: the platform has not answered since { $since }; one entry at a time tries it now.
explain-lane-window = Its lane is shut: account “{ $account }” publishes only in its windows; the next opens at { $until }.
explain-lane-window-never = Its lane is shut: account “{ $account }” publishes only in its windows, and none of them ever opens.
explain-lane-cap = Its lane is shut: the daily cap of { $cap } is reached; it opens at { $until }.
explain-lane-spacing = Its lane is shut: posts are { $seconds } s apart; it opens at { $until }.

explain-content-approved = Its content is approved (revision { $revision }).
explain-content-draft = Its content is not approved: revision { $revision } is a draft.
explain-content-pending-review = Its content is not approved: revision { $revision } waits for review.
explain-content-rejected = Its content is not approved: revision { $revision } was rejected.
explain-extra-draft = Content { $content } beside it is not approved: revision { $revision } is a draft.
explain-extra-pending-review = Content { $content } beside it is not approved: revision { $revision } waits for review.
explain-extra-rejected = Content { $content } beside it is not approved: revision { $revision } was rejected.

explain-clock-held = Nothing is published while the clock is in doubt: { $reason }
explain-paused = All publishing is paused; `contenthub scheduler resume` ends it.
explain-no-task = No enabled task publishes entries of this account and priority.
explain-no-server = No server runs, so that task { $task } “{ $name }” does not fire.
explain-task-on-due = Task { $task } “{ $name }” publishes it as soon as its turn comes.
explain-task-next-run = Task { $task } “{ $name }” publishes what is due; it runs next at { $at }.
explain-task-runs = Task { $task } “{ $name }” publishes what is due, and its time has come.

explain-retries-left = Attempts made: { $attempts }. Retries used: { $used } of { $max }, { $left } left.
explain-retries-none = Attempts made: { $attempts }. Retries used: all { $max }.

explain-next-person = It is not tried before a person acts.
explain-next-asked = The platform is asked at { $at }.
explain-next-at = It is tried at { $at }.
explain-next-now = It is tried now, or in a moment.
explain-next-unknown = It is tried as soon as what keeps it has passed.

explain-do-retry = Try it again:
explain-do-it-is-out = Look whether it is out. If it is:
explain-do-try-again = If it is not, try it again:
explain-do-leave-it = If it is not, and that is that:
explain-do-approve = Approve its content:
explain-do-now = Have it go out now:
explain-do-enable-account = Enable its account:
explain-do-test = See whether its account works:
explain-do-resume = Resume its account, once that is put right:
explain-do-key = Start with the key of this database (CONTENTHUB_SECRET_KEY, or secret.key in the data directory), and check it:
explain-do-window = Let the account publish at any time:
explain-do-cap = Take the daily cap away:
explain-do-spacing = Take the spacing away:
explain-do-first = Let it go first:
explain-do-enable-task = Let a task publish again:
explain-do-create-task = Make a task that publishes what is due:
explain-do-trigger = Publish what is due now:
explain-do-serve = Start a server:
