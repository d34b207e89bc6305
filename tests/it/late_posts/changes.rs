//! When it is too late follows from what was asked last, of the entry and of its account.

use super::*;

#[test]
fn when_it_is_too_late_follows_from_what_was_asked_last() {
    on_both(|url, dir| {
        let stage = Stage::open(url, dir, keyed([Seen::Refused(problem("refused"))]));
        let (app, lane) = (&stage.app, stage.account);
        let start = app.now();
        let hour = start + seconds(3600);
        let late_at = |id: EntryId| entry(app, id).late_at;
        let never = add(app, "never", lane);
        assert_eq!((late_at(never), entry(app, never).late_after_seconds), (None, None));
        let own = add_late(app, "its own", lane, 10);
        let past = add_as(app, "past", lane, |it| Addition {
            scheduled_at: Some(start - seconds(500)),
            late_after_seconds: Some(10),
            ..it
        });
        let planned = add_as(app, "planned", lane, |it| Addition {
            scheduled_at: Some(hour),
            late_after_seconds: Some(10),
            ..it
        });
        assert_eq!([own, past, planned].map(late_at), [start, start, hour].map(|at| Some(at + seconds(10))));
        // The account's holds for all that have none of their own, whether they come before or after.
        set(url, lane, "late_after_seconds = 100");
        let after = add(app, "after", lane);
        let both = [never, after];
        assert_eq!(both.map(late_at), [Some(start + seconds(100)); 2]);
        assert_eq!(late_at(own), Some(start + seconds(10)));
        set(url, lane, "late_after_seconds = 200");
        assert_eq!(both.map(late_at), [Some(start + seconds(200)); 2]);
        let update = |it: UpdateEntry| app.run(it).expect("changed").late.1;
        let of = UpdateEntry::of;
        let lasts = |it, id| UpdateEntry { late_after_seconds: Some(it), ..of(id) };
        assert_eq!(update(lasts(None, own)), Some(start + seconds(200)));
        assert_eq!(update(lasts(Some(30), own)), Some(start + seconds(30)));
        // Another time counts; what is wanted now is wanted from now on, and was so at no other time before.
        let at = |at, id| UpdateEntry { scheduled_at: Some(at), ..of(id) };
        assert_eq!(update(at(Some(hour), own)), Some(hour + seconds(30)));
        set(url, lane, "late_after_seconds = NULL");
        assert_eq!(both.map(late_at), [None; 2]);
        stage.clock.forward(seconds(1000));
        let now = app.now();
        assert_eq!(update(at(None, own)), Some(now + seconds(30)));
        assert_eq!(update(at(Some(start), planned)), Some(now + seconds(10)));
        // So with a retry by hand, and a word that it is to be sent again.
        let retried = add_late(app, "retried", lane, 50);
        app.run(CancelEntry(retried)).expect("cancelled");
        stage.clock.forward(seconds(1000));
        app.run(RetryEntry { id: retried, by: "ann".to_owned() }).expect("retried");
        assert_eq!(late_at(retried), Some(app.now() + seconds(50)));
        sql(
            url,
            &format!("UPDATE publish_pool SET status = 'uncertain', unproven = TRUE WHERE id = {retried}"),
        );
        stage.clock.forward(seconds(1000));
        let resolve = |resolution| ResolveEntry { id: retried, resolution, by: "ann".to_owned() };
        app.run(resolve(Resolution::TryAgain)).expect("resolved");
        assert_eq!(late_at(retried), Some(app.now() + seconds(50)));
    });
}

fn change(app: &App, account: AccountId, late_after: Option<i64>) {
    let lane = LaneChanges { late_after_seconds: Some(late_after), ..LaneChanges::default() };
    app.run(UpdateAccount { lane, ..UpdateAccount::new(account) }).expect("changed");
}

/// What is on the wire keeps its instant for that attempt, and waits by the account's word when it comes back.
#[test]
fn an_account_that_changes_its_mind_during_an_attempt_is_heard_when_that_comes_back() {
    on_both(|url, dir| {
        let (played, told) = held_up(|_| away());
        let stage = Stage::open(url, dir, played);
        let (app, lane) = (&stage.app, stage.account);
        let on_the_wire = |id| {
            stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
            eventually("it is on the wire", || {
                let _ = stage.node.crew.executor().try_send(Tick);
                (stage.calls.of(id) == [Publish]).then_some(())
            });
        };
        let is_back = |id| {
            told.notify_one();
            eventually("it waits again", || (entry(app, id).status == EntryStatus::Pending).then_some(()));
        };
        let first = add(app, "first", lane);
        on_the_wire(first);
        change(app, lane, Some(600));
        assert_eq!(entry(app, first).late_at, None);
        is_back(first);
        assert_eq!(entry(app, first).late_at, Some(entry(app, first).added_at + seconds(600)));
        let second = add(app, "second", lane);
        let own = add_late(app, "own", lane, 700);
        on_the_wire(second);
        on_the_wire(own);
        change(app, lane, None);
        is_back(second);
        is_back(own);
        let both = [second, own].map(|id| entry(app, id).late_at);
        assert_eq!(both, [None, Some(entry(app, own).added_at + seconds(700))]);
    });
}

/// The account is being changed at the very moment at which an attempt ends: whoever is second knows of the first.
#[test]
fn an_account_that_is_changed_while_an_attempt_ends_is_heard_too() {
    let (url, dir) = (fresh_database(), tempfile::tempdir().expect("a folder"));
    let (played, told) = held_up(|_| Seen::ServerFault { problem: problem("fault"), retry_after: None });
    let stage = Stage::open(&url, dir.path(), played);
    let id = add(&stage.app, "x", stage.account);
    stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
    eventually("it is on the wire", || {
        let _ = stage.node.crew.executor().try_send(Tick);
        (stage.calls.of(id) == [Publish]).then_some(())
    });
    let mut changing = connect(&url).expect("connected");
    let change = format!("BEGIN; UPDATE accounts SET late_after_seconds = 600 WHERE id = {}", stage.account);
    changing.batch_execute(&change).expect("begun");
    lateness::recompute_late(&mut changing, stage.account).expect("computed");
    told.notify_one();
    eventually("the end waits for the change, or has not", || {
        (waiting_for_locks(&url) > 0 || entry(&stage.app, id).status == EntryStatus::Pending).then_some(())
    });
    changing.batch_execute("COMMIT").expect("changed");
    eventually("it waits again", || (entry(&stage.app, id).status == EntryStatus::Pending).then_some(()));
    let back = entry(&stage.app, id);
    assert_eq!(back.late_at, Some(back.added_at + seconds(600)));
}
