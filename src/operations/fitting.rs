//! Whether a text is one that the platforms of accounts take. Asked where somebody can still change it: when it is
//! approved, added, imported or changed; at publication it would be too late.

use super::{Context, OperationError};
use crate::db::accounts::{self, AccountRow};
use crate::db::connection::DbConnection;
use crate::db::contents::{self, Text};
use crate::domain::content::Article;
use crate::domain::field_error::FieldError;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::thing::Thing;
use crate::platforms::guarded;
use crate::platforms::platform::Platform;
use std::sync::Arc;

/// A content as it is kept, for these accounts.
pub(super) fn check_content(
    conn: &mut DbConnection,
    cx: &Context,
    content: ContentId,
    on: &[AccountId],
) -> Result<(), OperationError> {
    let rows = limited(conn, cx, on)?;
    if rows.is_empty() {
        return Ok(());
    }
    let row =
        contents::get(conn, content)?.ok_or_else(|| OperationError::not_found(Thing::Content, content))?;
    let article = article(content, row.revision, super::content::text_of(&row));
    told(wrong(cx, &rows, &article)?)
}

/// A text that is not kept yet, for these accounts.
pub(super) fn check_text(
    conn: &mut DbConnection,
    cx: &Context,
    content: ContentId,
    text: &Text,
    on: &[AccountId],
) -> Result<(), OperationError> {
    let rows = limited(conn, cx, on)?;
    if rows.is_empty() {
        return Ok(());
    }
    told(wrong(cx, &rows, &article(content, 0, text.clone()))?)
}

/// What of a new text these accounts do not take.
pub(super) fn wrong_for(
    cx: &Context,
    rows: &[&AccountRow],
    text: Text,
) -> Result<Vec<FieldError>, OperationError> {
    let rows: Vec<&AccountRow> = rows.iter().copied().filter(|row| platform(cx, row).is_some()).collect();
    if rows.is_empty() { Ok(Vec::new()) } else { wrong(cx, &rows, &article(ContentId(0), 0, text)) }
}

fn told(wrong: Vec<FieldError>) -> Result<(), OperationError> {
    if wrong.is_empty() { Ok(()) } else { Err(OperationError::Invalid(wrong)) }
}

/// Those of the accounts whose platforms have limits. Where no platform has, nothing is asked of the database.
fn limited(
    conn: &mut DbConnection,
    cx: &Context,
    on: &[AccountId],
) -> Result<Vec<AccountRow>, OperationError> {
    if on.is_empty() || !are_there(cx) {
        return Ok(Vec::new());
    }
    let mut rows = accounts::by_ids(conn, on)?;
    rows.retain(|row| platform(cx, row).is_some());
    Ok(rows)
}

/// Whether any platform has limits.
pub(super) fn are_there(cx: &Context) -> bool {
    cx.registry.all().any(has_limits)
}

/// One that breaks when it is asked has them: what is wrong with it is told of the account.
fn has_limits(platform: &Arc<dyn Platform>) -> bool {
    guarded::has_limits(&**platform).unwrap_or(true)
}

fn platform<'a>(cx: &'a Context, row: &AccountRow) -> Option<&'a Arc<dyn Platform>> {
    cx.registry.get(&row.platform).filter(|platform| has_limits(platform))
}

fn wrong(
    cx: &Context,
    rows: &[impl std::borrow::Borrow<AccountRow>],
    article: &Article,
) -> Result<Vec<FieldError>, OperationError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    for row in rows.iter().map(std::borrow::Borrow::borrow) {
        let Some(platform) = platform(cx, row) else { continue };
        let unready = |reason| OperationError::LaneUnready { account: row.id, reason };
        let settings = serde_json::from_str(&row.settings)
            .map_err(|error| unready(super::unready::Unready::Settings(error)))?;
        let checked = guarded::check_article(&**platform, &settings, article)
            .map_err(|panicked| unready(panicked.into()))?;
        // Accounts of one platform say the same.
        let new = checked.err().unwrap_or_default().into_iter();
        let new: Vec<FieldError> = new.filter(|field| !wrong.contains(field)).collect();
        wrong.extend(new);
    }
    Ok(wrong)
}

fn article(content_id: ContentId, revision: i32, text: Text) -> Article {
    let Text { title, body, digest, author, cover, tags, source_url } = text;
    Article { content_id, revision, title, body, digest, author, cover, tags, source_url }
}
