//! Whether a text is one that the platforms of accounts take. Asked where somebody can still change it: when it is
//! approved, added, imported or changed; at publication it would be too late.

use super::media::links::{self, Kept};
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
    let text = super::content::text_of(&row);
    let kept = links::kept(conn, content, row.revision)?;
    told(wrong(cx, &rows, &Whole::of(content, row.revision, text, kept))?)
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
    let newest = contents::get(conn, content)?.map_or(0, |row| row.revision);
    let mut kept = links::kept(conn, content, newest)?;
    // Whoever writes the next revision has noted its own already.
    kept.extend(links::kept(conn, content, newest + 1)?);
    told(wrong(cx, &rows, &Whole::of(content, 0, text.clone(), kept))?)
}

/// What of a new text with these pictures these accounts do not take.
pub(super) fn wrong_for(
    cx: &Context,
    rows: &[&AccountRow],
    text: Text,
    kept: Kept,
) -> Result<Vec<FieldError>, OperationError> {
    let rows: Vec<&AccountRow> = rows.iter().copied().filter(|row| platform(cx, row).is_some()).collect();
    match rows.is_empty() {
        true => Ok(Vec::new()),
        false => wrong(cx, &rows, &Whole::of(ContentId(0), 0, text, kept)),
    }
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
    whole: &Whole,
) -> Result<Vec<FieldError>, OperationError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    for row in rows.iter().map(std::borrow::Borrow::borrow) {
        let Some(platform) = platform(cx, row) else { continue };
        let unready = |reason| OperationError::LaneUnready { account: row.id, reason };
        let settings = serde_json::from_str(&row.settings)
            .map_err(|error| unready(super::unready::Unready::Settings(error)))?;
        let checked = guarded::check_article(&**platform, &settings, &whole.article)
            .map_err(|panicked| unready(panicked.into()))?;
        let rules =
            guarded::picture_rules(&**platform, &settings).map_err(|panicked| unready(panicked.into()))?;
        let pictures = rules.map(|rules| rules.check(&whole.named, |source| whole.kept.get(source)));
        // Accounts of one platform say the same.
        let new = checked.err().unwrap_or_default().into_iter().chain(pictures.unwrap_or_default());
        let new: Vec<FieldError> = new.filter(|field| !wrong.contains(field)).collect();
        wrong.extend(new);
    }
    Ok(wrong)
}

/// An article with its pictures.
struct Whole {
    article: Article,
    /// What it calls them, with the field that does.
    named: Vec<(&'static str, String)>,
    kept: Kept,
}

impl Whole {
    fn of(content_id: ContentId, revision: i32, text: Text, kept: Kept) -> Self {
        let named = links::named(&text);
        let Text { title, body, digest, author, cover, tags, source_url } = text;
        let article = Article { content_id, revision, title, body, digest, author, cover, tags, source_url };
        Whole { article, named, kept }
    }
}
