//! Entries that wait, are on the wire, or are uncertain: found account by account in the indexes of the claim and of what is
//! rare, which are in another order than lists. So many are sorted as a look may take, and no more.

use crate::db::connection::{DbConnection, DbError};
use crate::db::statement::statement;
use crate::domain::ids::EntryId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

/// What is gathered of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of these priorities. Where it is asked, due by then; else also what waits for its approval.
    Waiting {
        priorities: (i32, i32),
        due_by: Option<i64>,
    },
    OnTheWire,
    Uncertain,
}

/// What is gathered of these accounts, so many at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    pub kind: Kind,
    pub accounts: Vec<i64>,
    pub most: i64,
}

/// How many there are, and a page of them, newest first.
struct Asked {
    count: &'static str,
    page: &'static str,
}

macro_rules! asked {
    ($gathered:expr, $before:literal, $limit:literal, $offset:literal) => {
        Asked {
            count: concat!("SELECT count(*) FROM (", $gathered, ") AS found"),
            page: concat!(
                "SELECT found.id FROM (",
                $gathered,
                ") AS found WHERE found.id < ",
                $before,
                " ORDER BY found.id DESC LIMIT ",
                $limit,
                " OFFSET ",
                $offset
            ),
        }
    };
}

/// Each priority of each account is a span of an index, and all that is asked for stands in it.
const SQLITE_WAITING: Asked = asked!(
    "SELECT p.id AS id FROM json_each(?1) AS a CROSS JOIN json_each(?2) AS u CROSS JOIN publish_pool AS p \
       WHERE p.account_id = a.value AND p.priority = u.value AND p.due_at <= ?3 AND p.status = 'pending' AND NOT p.held \
     UNION ALL \
     SELECT p.id FROM json_each(?1) AS a CROSS JOIN json_each(?2) AS u CROSS JOIN publish_pool AS p \
       WHERE ?4 AND p.account_id = a.value AND p.priority = u.value AND p.status = 'pending' AND p.held LIMIT ?5",
    "?6",
    "?7",
    "?8"
);
const POSTGRES_WAITING: Asked = asked!(
    "SELECT w.id FROM unnest(CAST(string_to_array(btrim($1, '[]'), ',') AS BIGINT[])) AS a (id) \
       CROSS JOIN unnest(CAST(string_to_array(btrim($2, '[]'), ',') AS INTEGER[])) AS u (priority) CROSS JOIN LATERAL ( \
         (SELECT p.id FROM publish_pool AS p WHERE p.account_id = a.id AND p.priority = u.priority AND p.due_at <= $3 \
            AND p.status = 'pending' AND NOT p.held ORDER BY p.due_at, p.id LIMIT $5) \
         UNION ALL \
         (SELECT p.id FROM publish_pool AS p WHERE $4 AND p.account_id = a.id AND p.priority = u.priority \
            AND p.status = 'pending' AND p.held ORDER BY p.id LIMIT $5)) AS w LIMIT $5",
    "$6",
    "$7",
    "$8"
);
macro_rules! sqlite_rare {
    ($status:literal) => {
        asked!(
            concat!(
                "SELECT p.id AS id FROM json_each(?1) AS a CROSS JOIN publish_pool AS p \
                   WHERE p.account_id = a.value AND p.status = '",
                $status,
                "' LIMIT ?2"
            ),
            "?3",
            "?4",
            "?5"
        )
    };
}
macro_rules! postgres_rare {
    ($status:literal) => {
        asked!(
            concat!(
                "SELECT w.id FROM unnest(CAST(string_to_array(btrim($1, '[]'), ',') AS BIGINT[])) AS a (id) \
                   CROSS JOIN LATERAL (SELECT p.id FROM publish_pool AS p WHERE p.account_id = a.id AND p.status = '",
                $status,
                "' ORDER BY p.account_id LIMIT $2) AS w LIMIT $2"
            ),
            "$3",
            "$4",
            "$5"
        )
    };
}
const SQLITE_ON_THE_WIRE: Asked = sqlite_rare!("publishing");
const POSTGRES_ON_THE_WIRE: Asked = postgres_rare!("publishing");
const SQLITE_UNCERTAIN: Asked = sqlite_rare!("uncertain");
const POSTGRES_UNCERTAIN: Asked = postgres_rare!("uncertain");

macro_rules! run {
    ($conn:expr, $asked:expr, $get:ident) => {{
        let asked = $asked;
        match $conn {
            DbConnection::Sqlite(inner) => asked.$get(inner)?,
            DbConnection::Postgres(inner) => asked.$get(inner)?,
        }
    }};
}

macro_rules! waiting {
    ($gathering:expr, $sql:expr, $priorities:expr, $due_by:expr) => {
        statement::<BigInt>($sql)
            .bind::<Text, _>(list(&$gathering.accounts))
            .bind::<Text, _>(list(&($priorities.0..=$priorities.1).collect::<Vec<i32>>()))
            .bind::<BigInt, _>($due_by.unwrap_or(i64::MAX))
            .bind::<Bool, _>($due_by.is_none())
            .bind::<BigInt, _>($gathering.most)
    };
}

macro_rules! rare {
    ($gathering:expr, $sql:expr) => {
        statement::<BigInt>($sql)
            .bind::<Text, _>(list(&$gathering.accounts))
            .bind::<BigInt, _>($gathering.most)
    };
}

impl Gathering {
    /// How many there are, up to the most.
    pub fn count(&self, conn: &mut DbConnection) -> Result<i64, DbError> {
        let sql = self.asked(conn).count;
        Ok(match self.kind {
            Kind::Waiting { priorities, due_by } => {
                run!(conn, waiting!(self, sql, priorities, due_by), get_result)
            }
            Kind::OnTheWire | Kind::Uncertain => run!(conn, rare!(self, sql), get_result),
        })
    }

    /// Some of them that are older than `before`, newest first.
    pub fn page(
        &self,
        conn: &mut DbConnection,
        before: i64,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<EntryId>, DbError> {
        let sql = self.asked(conn).page;
        macro_rules! page {
            ($gathered:expr) => {
                $gathered.bind::<BigInt, _>(before).bind::<BigInt, _>(limit).bind::<BigInt, _>(offset)
            };
        }
        Ok(match self.kind {
            Kind::Waiting { priorities, due_by } => {
                run!(conn, page!(waiting!(self, sql, priorities, due_by)), load)
            }
            Kind::OnTheWire | Kind::Uncertain => run!(conn, page!(rare!(self, sql)), load),
        })
    }

    fn asked(&self, conn: &DbConnection) -> Asked {
        match (self.kind, conn) {
            (Kind::Waiting { .. }, DbConnection::Sqlite(_)) => SQLITE_WAITING,
            (Kind::Waiting { .. }, DbConnection::Postgres(_)) => POSTGRES_WAITING,
            (Kind::OnTheWire, DbConnection::Sqlite(_)) => SQLITE_ON_THE_WIRE,
            (Kind::OnTheWire, DbConnection::Postgres(_)) => POSTGRES_ON_THE_WIRE,
            (Kind::Uncertain, DbConnection::Sqlite(_)) => SQLITE_UNCERTAIN,
            (Kind::Uncertain, DbConnection::Postgres(_)) => POSTGRES_UNCERTAIN,
        }
    }
}

/// Numbers as both databases take them apart.
fn list(numbers: &[impl std::fmt::Debug]) -> String {
    format!("{numbers:?}").replace(' ', "")
}
