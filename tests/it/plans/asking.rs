//! Which statements something runs, and how the database would answer them.

use contenthub::db::connection::DbConnection;
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

/// Keeps the text of each statement that a connection runs.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Heard {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            self.0.lock().expect("no listener panics").push(query.to_string());
        }
    }
}

/// The statements that `ask` runs, with their binds.
pub fn heard(conn: &mut DbConnection, ask: impl FnOnce(&mut DbConnection)) -> Vec<(String, Vec<String>)> {
    heard_of(conn, |_| true, ask)
}

/// The same of those that are `wanted`, which is told by their SQL.
pub fn heard_of(
    conn: &mut DbConnection,
    wanted: impl Fn(&str) -> bool,
    ask: impl FnOnce(&mut DbConnection),
) -> Vec<(String, Vec<String>)> {
    let heard = Heard::default();
    match conn {
        DbConnection::Sqlite(inner) => inner.set_instrumentation(heard.clone()),
        DbConnection::Postgres(inner) => inner.set_instrumentation(heard.clone()),
    }
    ask(conn);
    let texts = std::mem::take(&mut *heard.0.lock().expect("no listener panics"));
    texts.iter().filter(|text| wanted(text)).map(|text| split(text)).collect()
}

/// SQL and binds, as diesel writes them: `SELECT … -- binds: [1, [2, 3], "x"]`.
fn split(text: &str) -> (String, Vec<String>) {
    let (sql, binds) = text.split_once("-- binds: ").expect("diesel writes the binds behind the SQL");
    let binds = binds.trim().replace("None", "null").replace("Some(", "").replace(')', "");
    let binds: Vec<serde_json::Value> = serde_json::from_str(&binds).expect("binds that JSON can read");
    (sql.trim().to_owned(), typed(sql, binds.iter().map(literal).collect()))
}

/// Arrays that are empty do not show what they are of: of the statement that opens a cycle it is said here.
fn typed(sql: &str, binds: Vec<String>) -> Vec<String> {
    const TEXTS: [usize; 6] = [4, 9, 10, 11, 12, 13];
    const BOOLEANS: [usize; 4] = [7, 24, 25, 26];
    let kind = |place: usize| match place + 1 {
        place if TEXTS.contains(&place) => "ARRAY[]::text[]",
        place if BOOLEANS.contains(&place) => "ARRAY[]::boolean[]",
        _ => "ARRAY[]::bigint[]",
    };
    if !sql.contains("WITH moved AS") {
        return binds;
    }
    let bind = |(place, bind): (usize, String)| match bind.starts_with("ARRAY[]") {
        true => kind(place).to_owned(),
        false => bind,
    };
    binds.into_iter().enumerate().map(bind).collect()
}

fn literal(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            let of = match &value[0] {
                serde_json::Value::Bool(_) => "boolean",
                serde_json::Value::String(_) => "text",
                _ => "bigint",
            };
            format!("ARRAY[{}]::{of}[]", items.join(", "))
        }
        serde_json::Value::String(text) => format!("'{text}'"),
        serde_json::Value::Bool(_) | serde_json::Value::Null => value.to_string(),
        _ => format!("{value}::bigint"),
    }
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresStep {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

/// How the database would answer each of the statements on a connection of the engine, in all the ways in which it may
/// choose to.
pub fn plans(conn: &mut DbConnection, statements: &[(String, Vec<String>)]) -> Vec<String> {
    conn.plan_by_key().expect("set up as the engine's");
    plans_as_it_is(conn, statements, "EXPLAIN")
}

/// The same on any connection, such as those that answer people; of PostgreSQL by this word.
pub fn plans_as_it_is(
    conn: &mut DbConnection,
    statements: &[(String, Vec<String>)],
    explain: &str,
) -> Vec<String> {
    let mut plans = Vec::new();
    for (sql, binds) in statements {
        match conn {
            DbConnection::Sqlite(inner) => {
                let steps: Vec<SqliteStep> =
                    diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(inner).expect("a plan");
                plans.push(steps.into_iter().map(|step| step.detail + "\n").collect());
            }
            DbConnection::Postgres(inner) => {
                for mode in ["force_custom_plan", "force_generic_plan"] {
                    let types: Vec<&str> = binds.iter().map(|bind| sql_type(bind)).collect();
                    let signature =
                        if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) };
                    let values =
                        if types.is_empty() { String::new() } else { format!("({})", binds.join(", ")) };
                    inner
                        .batch_execute(&format!(
                            "SET plan_cache_mode = {mode}; PREPARE asked {signature} AS {sql}"
                        ))
                        .unwrap_or_else(|error| panic!("{error}: {signature} {sql}"));
                    let steps: Vec<PostgresStep> =
                        diesel::sql_query(format!("{explain} EXECUTE asked {values}"))
                            .load(inner)
                            .expect("a plan");
                    plans.push(steps.into_iter().map(|step| step.line + "\n").collect());
                    // Not all of them: the connection has its own.
                    inner.batch_execute("DEALLOCATE asked; RESET plan_cache_mode").expect("forgotten");
                }
            }
        }
    }
    plans
}

fn sql_type(literal: &str) -> &'static str {
    match literal {
        _ if literal.ends_with("::bigint[]") => "bigint[]",
        _ if literal.ends_with("::boolean[]") => "boolean[]",
        _ if literal.ends_with("::text[]") => "text[]",
        _ if literal.ends_with("::bigint") => "bigint",
        "true" | "false" => "boolean",
        "null" => "unknown",
        _ => "text",
    }
}

/// Wants each way of answering to go by one of the indexes, and by none of what is `wrong`, such as a walk through all.
#[track_caller]
pub fn are_answered_by(
    conn: &mut DbConnection,
    statements: &[(String, Vec<String>)],
    indexes: &[&str],
    wrong: &[&str],
    told: &dyn Debug,
) {
    for plan in plans(conn, statements) {
        assert!(indexes.iter().any(|index| plan.contains(index)), "{told:?}: {indexes:?}\n{plan}");
        for wrong in wrong {
            assert!(!plan.contains(wrong), "{told:?}: {wrong}\n{plan}");
        }
    }
}
