//! What a node has on the wire stays its own for as long as it lives.

use super::*;

#[derive(QueryableByName)]
struct End {
    #[diesel(sql_type = BigInt)]
    lease_expires_at: i64,
}

/// When the only claim there is runs out.
fn lease_end(url: &DatabaseUrl) -> Option<i64> {
    let sql = "SELECT lease_expires_at FROM publish_pool WHERE status = 'publishing'";
    let found: Vec<End> = diesel::sql_query(sql).load(&mut connect(url).expect("connected")).expect("read");
    found.first().map(|end| end.lease_expires_at)
}

#[test]
fn a_claim_is_renewed_while_its_attempt_is_on_the_wire() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let id = add(&app, "hangs", webhook(&app, "hook", &receiver.url("/")));
        let on_due = contenthub::CreateTask::on_due("as it comes");
        app.create_task(on_due).expect("a task");
        let node = app.start().expect("a node");
        receiver.wait_for(1, SOON);
        let first = lease_end(url).expect("it is on the wire");
        eventually("its lease ends later than at first", || lease_end(url).filter(|end| *end > first));
        receiver.release();
        eventually("it is out", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        let _ = node.stop();
    });
}
