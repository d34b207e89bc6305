//! Tasks, page by page, by what is asked for.

use super::TaskRow;
use crate::db::connection::{DbConnection, DbError};
use crate::db::executions::PUBLISHING;
use crate::db::matching;
use crate::db::schema::scheduled_tasks::dsl;
use diesel::prelude::*;

/// Which tasks a list shows; what is none is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the name.
    pub name: Option<String>,
    pub task_type: Option<String>,
    pub enabled: Option<bool>,
}

impl Filter {
    /// Whether what is asked for is read off an index of types: there are few tasks but those that publish.
    fn goes_by_type(&self) -> bool {
        self.enabled.is_none() || self.task_type.as_deref().is_some_and(|name| name != PUBLISHING)
    }
}

/// In the order in which they were made, with how many there are in all.
///
/// What is asked for is read off the index that begins with it, and what is beside it is a span: see
/// [`executions::list`](crate::db::executions::list). A part of a name has no index.
pub fn page(
    conn: &mut DbConnection,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<TaskRow>, i64), DbError> {
    let is_postgres = matches!(conn, DbConnection::Postgres(_));
    let mut items = dsl::scheduled_tasks.into_boxed();
    let mut total = dsl::scheduled_tasks.count().into_boxed();
    macro_rules! ask {
        ($column:expr, $value:expr, $is_beside:expr) => {
            items = match ($is_beside, is_postgres) {
                (true, _) => items.filter($column.between($value, $value)),
                (false, true) => items.filter($column.between($value, $value)).then_order_by($column.asc()),
                (false, false) => items.filter($column.eq($value)),
            };
            total = total.filter($column.eq($value));
        };
    }
    if let Some(task_type) = filter.task_type.as_deref() {
        ask!(dsl::task_type, task_type, !filter.goes_by_type());
    }
    if let Some(enabled) = filter.enabled {
        ask!(dsl::enabled, enabled, filter.goes_by_type());
    }
    if let Some(name) = &filter.name {
        let is_called = || dsl::name.like(matching::part(name)).escape(matching::ESCAPE);
        items = items.filter(is_called());
        total = total.filter(is_called());
    }
    Ok((items.then_order_by(dsl::id).limit(limit).offset(offset).load(conn)?, total.get_result(conn)?))
}
