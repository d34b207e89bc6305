//! What the database itself refuses, and that `db/schema.rs` describes it.

use crate::support::app::by_hand;
use crate::support::on_both;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::pool_counts;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Text;
use std::collections::BTreeMap;

/// A migrated database with an account and contents 1 to 3.
pub fn migrated(url: &DatabaseUrl, dir: &std::path::Path) -> DbConnection {
    drop(by_hand(url, dir));
    let mut conn = connect(url).expect("connected");
    conn.batch_execute(
        "INSERT INTO accounts (id, name, platform, settings, timezone, concurrency, created_at, updated_at) \
           VALUES (1, 'a', 'webhook', '{}', 'UTC', 64, 0, 0); \
         INSERT INTO contents (id, revision, review_status, created_at, updated_at) \
           VALUES (1, 1, 'approved', 0, 0), (2, 1, 'approved', 0, 0), (3, 1, 'approved', 0, 0);",
    )
    .expect("rows");
    conn
}

/// A row of the pool with these columns in the place of plain ones.
fn insert(conn: &mut DbConnection, columns: &[(&str, &str)]) -> Result<(), Error> {
    let mut row: BTreeMap<&str, &str> = BTreeMap::from([
        ("content_id", "1"),
        ("account_id", "1"),
        ("status", "'pending'"),
        ("priority", "5"),
        ("due_at", "0"),
        ("max_retries", "3"),
        ("idempotency_key", "'k'"),
        ("added_at", "0"),
        ("updated_at", "0"),
    ]);
    row.extend(columns.iter().copied());
    let names: Vec<&str> = row.keys().copied().collect();
    let values: Vec<&str> = row.values().copied().collect();
    conn.batch_execute(&format!(
        "INSERT INTO publish_pool ({}) VALUES ({})",
        names.join(", "),
        values.join(", ")
    ))
}

#[test]
fn the_database_itself_refuses_what_must_not_be() {
    use DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, UniqueViolation};
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let refused: &[(&[(&str, &str)], DatabaseErrorKind)] = &[
            (&[("priority", "0")], CheckViolation),
            (&[("priority", "11")], CheckViolation),
            (&[("status", "'lost'")], CheckViolation),
            (&[("status", "'publishing'")], CheckViolation),
            (&[("claimed_by", "'n1'")], CheckViolation),
            (&[("max_retries", "-1")], CheckViolation),
            (&[("max_retries", "1001")], CheckViolation),
            (&[("retry_count", "-1")], CheckViolation),
            (&[("content_id", "99")], ForeignKeyViolation),
            (&[("account_id", "99")], ForeignKeyViolation),
        ];
        for (columns, kind) in refused {
            match insert(&mut conn, columns) {
                Err(Error::DatabaseError(got, _)) => {
                    assert_eq!(format!("{got:?}"), format!("{kind:?}"), "{columns:?}");
                }
                other => panic!("{columns:?}: {other:?}"),
            }
        }
        // At most one open entry of a content on an account, and any number of closed ones.
        for status in ["failed", "cancelled", "published", "failed"] {
            insert(&mut conn, &[("status", &format!("'{status}'"))]).expect("a closed one");
        }
        let publishing = [("status", "'publishing'"), ("claimed_by", "'n1'"), ("content_id", "2")];
        insert(&mut conn, &publishing).expect("an open one");
        insert(&mut conn, &[("status", "'uncertain'"), ("content_id", "3")]).expect("an open one");
        insert(&mut conn, &[]).expect("an open one");
        for content in ["1", "2", "3"] {
            for status in ["'pending'", "'uncertain'"] {
                let second = insert(&mut conn, &[("content_id", content), ("status", status)]);
                assert!(
                    matches!(second, Err(Error::DatabaseError(UniqueViolation, _))),
                    "{content} {status}: {second:?}"
                );
            }
        }
        for delete in ["DELETE FROM accounts", "DELETE FROM contents"] {
            let refused = conn.batch_execute(delete);
            assert!(
                matches!(refused, Err(Error::DatabaseError(ForeignKeyViolation, _))),
                "{delete}: {refused:?}"
            );
        }
        pool_counts::correct(&mut conn).expect("counted");
    });
}

#[derive(QueryableByName, Debug, PartialEq, Eq)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    nullable: String,
    #[diesel(sql_type = Text)]
    key: String,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS table_name, c.name AS name, lower(c.type) AS kind, \
      CASE WHEN c.\"notnull\" THEN 'no' ELSE 'yes' END AS nullable, CASE WHEN c.pk > 0 THEN 'yes' ELSE 'no' END AS key \
    FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
    ORDER BY m.name, c.cid";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text, c.column_name::text AS name, c.data_type::text AS kind, \
      lower(c.is_nullable)::text AS nullable, CASE WHEN EXISTS (SELECT 1 FROM information_schema.key_column_usage AS k \
        JOIN information_schema.table_constraints AS t USING (constraint_schema, constraint_name) \
        WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name AND k.column_name = c.column_name) \
        THEN 'yes' ELSE 'no' END AS key \
    FROM information_schema.columns AS c WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%' \
    ORDER BY c.table_name COLLATE \"C\", c.ordinal_position";

/// What `db/schema.rs` says, in the words of a database.
fn described(id_type: &str) -> Vec<Column> {
    let text = include_str!("../../src/db/schema.rs");
    let mut columns = Vec::new();
    for table in text.split("diesel::table! {").skip(1) {
        let (head, rest) = table.split_once('{').expect("a table's columns");
        let body = rest.split_once('}').expect("a table's end").0;
        let (name, keys) = head.trim().split_once(" (").expect("a table's key");
        let keys: Vec<&str> = keys.trim_end_matches([')', ' ']).split(", ").collect();
        for line in body.lines().map(str::trim).filter(|line| line.contains("->")) {
            let (column, kind) = line.trim_end_matches(',').split_once(" -> ").expect("a column");
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let yes_no = |it: bool| if it { "yes" } else { "no" }.to_owned();
            let kind = match inner.unwrap_or(kind) {
                "BigInt" if column == "id" => id_type,
                "BigInt" => "bigint",
                "Integer" => "integer",
                "Bool" => "boolean",
                "Text" => "text",
                other => panic!("{name}.{column}: say here what {other} is called in a database"),
            };
            columns.push(Column {
                table_name: name.to_owned(),
                name: column.to_owned(),
                kind: kind.to_owned(),
                nullable: yes_no(inner.is_some()),
                key: yes_no(keys.contains(&column)),
            });
        }
    }
    columns
}

#[test]
fn schema_rs_describes_the_migrated_database() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let (found, said): (Vec<Column>, _) = match &mut conn {
            // Only a column that is declared INTEGER PRIMARY KEY is SQLite's row id, which has 64 bits.
            DbConnection::Sqlite(inner) => {
                (diesel::sql_query(SQLITE_COLUMNS).load(inner).expect("columns"), described("integer"))
            }
            DbConnection::Postgres(inner) => {
                (diesel::sql_query(POSTGRES_COLUMNS).load(inner).expect("columns"), described("bigint"))
            }
        };
        assert!(said.len() > 50, "only {} columns were read of schema.rs", said.len());
        for (found, said) in found.iter().zip(&said) {
            assert_eq!(found, said);
        }
        assert_eq!(found.len(), said.len(), "a table or column is missing on one side");
    });
}

/// A list of three words or more would be made into a table of its own each time that a row is written.
#[test]
fn what_sqlite_holds_a_hot_row_against_is_told_word_by_word() {
    on_both(|url, dir| {
        let mut conn = migrated(url, dir);
        let DbConnection::Sqlite(inner) = &mut conn else { return };
        for table in ["publish_pool", "publish_logs", "contents"] {
            let select =
                format!("SELECT sql FROM sqlite_schema WHERE tbl_name = '{table}' AND sql IS NOT NULL");
            let made: Vec<String> = diesel::dsl::sql::<Text>(&select).load(inner).expect("statements");
            assert!(made.iter().any(|sql| sql.contains(" OR ")), "{table}: {made:?}");
            for sql in made {
                let lists = sql.split(" IN (").skip(1);
                let long: Vec<&str> = lists
                    .filter(|rest| rest.split(')').next().unwrap_or("").matches(',').count() >= 2)
                    .collect();
                assert!(long.is_empty(), "{table}: {sql}");
            }
        }
    });
}
