//! Our own SQL as a prepared statement that the connection keeps. diesel's `sql_query` is prepared anew each time.
//!
//! SQLite's statements write `?1`: there `$1` is a name, and names are numbered in the order in which they appear.

use diesel::backend::{Backend, DieselReserveSpecialization};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use diesel::{Connection, RunQueryDsl};
use std::marker::PhantomData;

/// SQL that names its binds itself, in the database's own way, and yields columns of the types `Columns`.
#[derive(Debug, Clone)]
pub struct Statement<Columns, Binds = ()> {
    sql: &'static str,
    binds: Binds,
    columns: PhantomData<Columns>,
}

/// A statement that yields rows of `Columns`, or nothing where that is `()`.
pub fn statement<Columns>(sql: &'static str) -> Statement<Columns> {
    Statement { sql, binds: (), columns: PhantomData }
}

/// One bind after those before it.
#[derive(Debug, Clone)]
pub struct Bound<Before, SqlType, Value> {
    before: Before,
    value: Value,
    sql_type: PhantomData<SqlType>,
}

impl<Columns, Binds> Statement<Columns, Binds> {
    /// Binds the next parameter.
    pub fn bind<SqlType, Value>(self, value: Value) -> Statement<Columns, Bound<Binds, SqlType, Value>> {
        Statement {
            sql: self.sql,
            binds: Bound { before: self.binds, value, sql_type: PhantomData },
            columns: PhantomData,
        }
    }
}

/// The values of a statement, first to last.
pub trait PushBinds<DB: Backend> {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>;
}

impl<DB: Backend> PushBinds<DB> for () {
    fn push<'b>(&'b self, _: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        Ok(())
    }
}

impl<DB, Before, SqlType, Value> PushBinds<DB> for Bound<Before, SqlType, Value>
where
    DB: Backend + HasSqlType<SqlType>,
    Before: PushBinds<DB>,
    Value: ToSql<SqlType, DB>,
{
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.before.push(out)?;
        out.push_bind_param_value_only(&self.value)
    }
}

impl<DB, Columns, Binds> QueryFragment<DB> for Statement<Columns, Binds>
where
    DB: Backend + DieselReserveSpecialization,
    Binds: PushBinds<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.sql);
        self.binds.push(&mut out)
    }
}

/// Without an id of its own the cache goes by the SQL text, which is what we want.
impl<Columns, Binds> QueryId for Statement<Columns, Binds> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Columns, Binds> Query for Statement<Columns, Binds> {
    type SqlType = Columns;
}

impl<Columns, Binds, Conn: Connection> RunQueryDsl<Conn> for Statement<Columns, Binds> {}

/// A query of diesel's with words of ours in it, or with a list in it whose length never changes, for which diesel would
/// prepare it anew each time. Kept by its SQL text, as [`Statement`]s are: so only for queries of a handful of shapes.
#[derive(Debug, Clone)]
pub struct Prepared<Q>(Q);

/// See [`Prepared`].
pub trait PrepareOnce: Sized {
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }
}

impl<Q: Query> PrepareOnce for Q {}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, Conn: Connection> RunQueryDsl<Conn> for Prepared<Q> {}
