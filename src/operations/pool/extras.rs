//! Further contents that an entry publishes beside its own: each is checked as if it were added by itself, because it goes
//! out, and is remembered, as if it were.

use super::Addition;
use super::adding::{may_be_added, similar};
use crate::db::connection::{DbConnection, DbError};
use crate::db::entries::EntryRow;
use crate::db::{accounts, contents, extras};
use crate::domain::account::OnSimilar;
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::extras::Extras;
use crate::domain::fault::PoolFault;
use crate::domain::field_error::FieldError;
use crate::domain::ids::*;
use crate::domain::similar_text::Similar;
use crate::domain::thing::Thing;
use crate::operations::{Context, OperationError, fitting};
use crate::platforms::guarded;

const FIELD: &str = "extra_content_ids";

fn wrong(fault: PoolFault) -> OperationError {
    OperationError::invalid(FIELD, fault)
}

/// Those of an addition.
pub(super) fn beside(item: &Addition) -> Result<Extras, OperationError> {
    // Most have none.
    if item.extras.is_empty() {
        return Ok(Extras::default());
    }
    Extras::beside(item.content, item.extras.clone()).map_err(wrong)
}

/// All contents of an entry.
pub(in crate::operations) fn contents_of(row: &EntryRow) -> impl Iterator<Item = ContentId> {
    std::iter::once(row.content_id).chain(row.extras.ids().iter().copied())
}

/// Holds the contents of an entry with several, until the caller's transaction ends; one alone is held by whoever looks at
/// it. Before the entry, as where a content is changed.
pub(in crate::operations) fn hold_contents(
    conn: &mut DbConnection,
    content: ContentId,
    extras: &[ContentId],
) -> Result<(), DbError> {
    if extras.is_empty() {
        return Ok(());
    }
    let all: Vec<ContentId> = std::iter::once(content).chain(extras.iter().copied()).collect();
    extras::lock_contents(conn, &all)
}

/// Further contents that are to go out on an account.
pub(super) struct Beside {
    /// Each with its place in the list that somebody gave.
    pub extras: Vec<(usize, ContentId)>,
    pub account: AccountId,
    /// Also where they were published there before.
    pub again: bool,
}

impl Beside {
    /// Whether all of them are approved.
    ///
    /// # Errors
    /// Where one of them could not be added by itself.
    pub fn check(&self, conn: &mut DbConnection, cx: &Context) -> Result<bool, OperationError> {
        let mut are_approved = true;
        for (place, content) in &self.extras {
            let brief = contents::brief(conn, *content)?;
            let brief = brief.ok_or_else(|| OperationError::not_found(Thing::Content, *content))?;
            may_be_added(conn, *content, self.account, self.again)?;
            fitting::check_content(conn, cx, *content, &[self.account])
                .map_err(|error| of_extra(*place, error))?;
            are_approved &= brief.review_status == ReviewStatus::Approved;
        }
        Ok(are_approved)
    }

    /// Another entry with the text of one of them.
    pub fn similar(
        &self,
        conn: &mut DbConnection,
        on_similar: OnSimilar,
        now: Timestamp,
    ) -> Result<Option<Similar>, OperationError> {
        let mut found = None;
        for (_, content) in &self.extras {
            let Some(brief) = contents::brief(conn, *content)? else { continue };
            let one = similar(conn, *content, self.again, &brief, (self.account, on_similar), now)?;
            found = found.or(one);
        }
        Ok(found)
    }
}

/// What is wrong with one of them is told by its place.
fn of_extra(place: usize, error: OperationError) -> OperationError {
    match error {
        OperationError::Invalid(fields) => {
            let inside = |wrong: FieldError| FieldError {
                field: format!("{FIELD}[{place}].{}", wrong.field),
                ..wrong
            };
            OperationError::Invalid(fields.into_iter().map(inside).collect())
        }
        other => other,
    }
}

/// Refuses more than the account's platform takes in one post.
pub(super) fn fits(
    conn: &mut DbConnection,
    cx: &Context,
    account: AccountId,
    extras: &Extras,
) -> Result<(), OperationError> {
    // Most have none.
    if extras.is_empty() {
        return Ok(());
    }
    let rows = accounts::by_ids(conn, &[account])?;
    let Some(row) = rows.first() else { return Err(OperationError::not_found(Thing::Account, account)) };
    let most = match cx.registry.get(&row.platform) {
        Some(platform) => guarded::articles_max(&**platform)
            .map_err(|panicked| OperationError::LaneUnready { account, reason: panicked.into() })?,
        None => 1,
    };
    match (extras.ids().len(), most) {
        (_, ..=1) => Err(wrong(PoolFault::OneContent { platform: row.platform.clone() })),
        (has, most) if has >= most => Err(wrong(PoolFault::TooManyExtras { has, most: most - 1 })),
        (_, _) => Ok(()),
    }
}

/// Gives an entry others in the place of those that it has. The caller has its contents and then the entry itself locked,
/// and has seen that it may be changed.
pub(in crate::operations) fn change(
    conn: &mut DbConnection,
    cx: &Context,
    row: &EntryRow,
    ids: &[ContentId],
) -> Result<(), OperationError> {
    let wanted = Extras::beside(row.content_id, ids.to_vec()).map_err(wrong)?;
    if wanted == row.extras {
        return Ok(());
    }
    fits(conn, cx, row.account_id, &wanted)?;
    // Of those that it has already nothing is asked: this entry itself would be in their way.
    let is_new = |(_, content): &(usize, ContentId)| !row.extras.ids().contains(content);
    let new = ids.iter().copied().enumerate().filter(is_new).collect();
    Beside { extras: new, account: row.account_id, again: false }.check(conn, cx)?;
    extras::set(conn, row.id, &wanted)?;
    Ok(extras::hold_by_contents(conn, row.id)?)
}
