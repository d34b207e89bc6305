//! What a row of the pool holds once its post is out: nothing of the attempt, whatever it held before. SQLite has one
//! statement for what was simply published and one for all else; they say the same, and so does PostgreSQL's.

use crate::support::on_both;
use crate::transitions::Stage;
use contenthub::Timestamp;
use contenthub::db::connection::DbConnection;
use contenthub::db::schema::publish_pool::dsl;
use contenthub::db::transitions::Written;
use contenthub::domain::outcome::{Outcome, Receipt};
use diesel::prelude::*;

/// What an attempt, a question or a platform's failure may have left.
type Left = (
    (String, Option<String>, Option<Timestamp>, Option<Timestamp>, Option<i64>),
    (Option<Timestamp>, i32, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>),
    (bool, bool, Option<Timestamp>, Option<i64>),
);

fn left(conn: &mut DbConnection, id: i64) -> Left {
    dsl::publish_pool
        .filter(dsl::id.eq(id))
        .select((
            (dsl::status, dsl::claimed_by, dsl::claimed_at, dsl::lease_expires_at, dsl::execution_id),
            (dsl::look_up_at, dsl::looked_up, dsl::check_at, dsl::submitted_at, dsl::pushed_from),
            (dsl::unproven, dsl::held, dsl::published_at, dsl::log_id),
        ))
        .first(conn)
        .expect("a row")
}

#[test]
fn of_a_published_entry_nothing_of_its_attempts_is_left() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let before = [
            "looked_up = 0",
            "execution_id = 7",
            "looked_up = 1",
            "pushed_from = 5",
            "unproven = TRUE",
            "unproven = TRUE, pushed_from = 5, looked_up = 1",
            "look_up_at = 5, looked_up = 1, held = TRUE",
            "check_at = 5, submitted_at = 4",
            "submitted_at = 4",
        ];
        for columns in before {
            let id = stage.pending();
            let claim = stage.claimed(id);
            let set = format!("UPDATE publish_pool SET {columns} WHERE id = {id}");
            diesel::sql_query(set).execute(&mut stage.conn).expect("set");
            let (node, ended) =
                (stage.node.clone(), stage.ended(&claim, Outcome::Published(Receipt::default())));
            let finished = ended.finished_at;
            let written = stage.write(&node, &[ended]);
            let [Written::Settled(log)] = written[..] else { panic!("{columns}: {written:?}") };
            let expected: Left = (
                ("published".to_owned(), None, None, None, None),
                (None, 0, None, None, None),
                (false, false, Some(finished), Some(log.0)),
            );
            assert_eq!(left(&mut stage.conn, id.0), expected, "it had {columns}");
        }
    });
}
