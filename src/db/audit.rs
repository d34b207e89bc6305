//! The audit: who changed what. Rows are added and looked at, never changed and never deleted; triggers see to it.

use super::connection::{DbConnection, DbError};
use super::schema::audit::dsl;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AuditId, TokenId};
use crate::domain::resource::{Resource, Subject};
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AuditRow {
    pub id: AuditId,
    pub at: Timestamp,
    pub who: String,
    pub token_id: Option<TokenId>,
    pub place: String,
    pub action: String,
    pub resource: Resource,
    pub resource_id: Option<i64>,
    /// A JSON object: the fields that are other now; none of what was made.
    pub state_before: Option<String>,
    /// The same of how it is now; none of what is gone.
    pub state_after: Option<String>,
}

/// A row to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow<'a> {
    pub who: &'a str,
    pub token: Option<TokenId>,
    pub place: &'a str,
    pub action: &'a str,
    pub subject: Subject,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
}

pub fn insert(conn: &mut DbConnection, new: &NewRow<'_>, now: Timestamp) -> Result<(), DbError> {
    diesel::insert_into(dsl::audit)
        .values((
            dsl::at.eq(now.micros()),
            dsl::who.eq(new.who),
            dsl::token_id.eq(new.token.map(|id| id.0)),
            dsl::place.eq(new.place),
            dsl::action.eq(new.action),
            dsl::resource.eq(new.subject.kind.as_str()),
            dsl::resource_id.eq(new.subject.id),
            dsl::state_before.eq(new.before),
            dsl::state_after.eq(new.after),
        ))
        .execute(conn)?;
    Ok(())
}

/// When something was changed last, as far as is written.
pub fn last_change(conn: &mut DbConnection, of: Subject) -> Result<Option<Timestamp>, DbError> {
    let rows = dsl::audit.filter(dsl::resource.eq(of.kind.as_str())).filter(dsl::resource_id.eq(of.id));
    Ok(rows.select(diesel::dsl::max(dsl::at)).first(conn)?)
}

/// Which rows a list shows; what is none is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub who: Option<String>,
    pub resource: Option<Resource>,
    /// Goes with a resource.
    pub resource_id: Option<i64>,
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let mut query = $query.into_boxed();
        if let Some(who) = &$filter.who {
            query = query.filter(dsl::who.eq(who.as_str()));
        }
        if let Some(resource) = $filter.resource {
            query = query.filter(dsl::resource.eq(resource.as_str()));
        }
        if let Some(id) = $filter.resource_id {
            query = query.filter(dsl::resource_id.eq(id));
        }
        if let Some(from) = $filter.from {
            query = query.filter(dsl::at.ge(from.micros()));
        }
        if let Some(to) = $filter.to {
            query = query.filter(dsl::at.lt(to.micros()));
        }
        query
    }};
}

/// Newest first, with how many there are in all.
pub fn list(
    conn: &mut DbConnection,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<AuditRow>, i64), DbError> {
    let items = filtered!(dsl::audit, filter)
        .order((dsl::at.desc(), dsl::id.desc()))
        .limit(limit)
        .offset(offset)
        .load(conn)?;
    let total = filtered!(dsl::audit.count(), filter).get_result(conn)?;
    Ok((items, total))
}
