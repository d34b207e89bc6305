//! Contents: written, changed, reviewed, removed.

use super::media::links;
use super::texts::text_hash;
use super::wrong_state::{Needed, State};
use super::{Access, Context, Operation, OperationError, Page, Paging, fitting};
use crate::db::connection::DbConnection;
use crate::db::contents::{self, ContentRow, Filter, Text};
use crate::db::{accounts, entries, extras, imported_files};
use crate::domain::clock::Timestamp;
use crate::domain::content::{self as limits, ReviewStatus};
use crate::domain::fault::{Fault, TextFault};
use crate::domain::field_error::FieldError;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::thing::Thing;

/// Checks what a revision may hold; every field that is wrong is told.
pub fn check(text: &Text) -> Result<(), OperationError> {
    let mut wrong = Vec::new();
    let mut tell = |field: &str, fault: Fault| wrong.push(FieldError::new(field, fault));
    if text.title.trim().is_empty() {
        tell("title", Fault::Empty);
    }
    let characters = text.title.chars().count();
    if characters > limits::TITLE_MAX_CHARS {
        let fault = TextFault::TooManyCharacters { has: characters, most: limits::TITLE_MAX_CHARS };
        tell("title", fault.into());
    }
    if text.body.len() > limits::BODY_MAX_BYTES {
        let fault = TextFault::TooManyBytes { has: text.body.len(), most: limits::BODY_MAX_BYTES };
        tell("body", fault.into());
    }
    let lines = [
        ("digest", &text.digest),
        ("author", &text.author),
        ("cover", &text.cover),
        ("source_url", &text.source_url),
    ];
    for (field, value) in lines {
        if value.as_ref().is_some_and(|value| value.chars().count() > limits::LINE_MAX_CHARS) {
            tell(field, TextFault::LineTooLong { most: limits::LINE_MAX_CHARS }.into());
        }
    }
    if text.tags.len() > limits::TAGS_MAX {
        tell("tags", TextFault::TooManyTags { has: text.tags.len(), most: limits::TAGS_MAX }.into());
    }
    if text.tags.iter().any(|tag| tag.trim().is_empty() || tag.chars().count() > limits::TAG_MAX_CHARS) {
        tell("tags", TextFault::TagLength { most: limits::TAG_MAX_CHARS }.into());
    }
    let texts = lines.into_iter().filter_map(|(field, value)| Some((field, value.as_ref()?)));
    let texts = texts.chain([("title", &text.title), ("body", &text.body)]);
    for (field, value) in texts.chain(text.tags.iter().map(|tag| ("tags", tag))) {
        if value.contains('\0') {
            tell(field, Fault::Nul);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(OperationError::Invalid(wrong)) }
}

/// A content as a user writes it.
#[derive(Debug, Clone)]
pub struct CreateContent {
    pub text: Text,
    /// Where it goes unless its entry says otherwise.
    pub account: Option<AccountId>,
}

impl CreateContent {
    /// A title and a Markdown body; all else is left out.
    pub fn new(title: impl Into<String>, body: impl Into<String>) -> Self {
        let text = Text {
            title: title.into(),
            body: body.into(),
            digest: None,
            author: None,
            cover: None,
            tags: Vec::new(),
            source_url: None,
        };
        CreateContent { text, account: None }
    }
}

impl Operation for CreateContent {
    type Output = ContentRow;
    const ACCESS: Access = Access::Write;
    const TOGETHER: bool = true;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<ContentRow, OperationError> {
        let id = create(conn, cx, &self.text, self.account, now)?;
        get(conn, id)
    }
}

pub(super) fn create(
    conn: &mut DbConnection,
    cx: &Context,
    text: &Text,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<ContentId, OperationError> {
    check(text)?;
    check_account(conn, account)?;
    let id = contents::insert(conn, (text, &text_hash(text)), account, cx.first_review_status(), now)?;
    links::note(conn, id, 1, text)?;
    Ok(id)
}

fn check_account(conn: &mut DbConnection, account: Option<AccountId>) -> Result<(), OperationError> {
    match account {
        Some(id) if !accounts::exists(conn, id)? => Err(OperationError::not_found(Thing::Account, id)),
        _ => Ok(()),
    }
}

fn get(conn: &mut DbConnection, id: ContentId) -> Result<ContentRow, OperationError> {
    contents::get(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Content, id))
}

/// The same, and it stays so until the caller's transaction ends: what is not changed is written back as it was read.
fn locked(conn: &mut DbConnection, id: ContentId) -> Result<ContentRow, OperationError> {
    contents::lock(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Content, id))
}

#[derive(Debug, Clone, Copy)]
pub struct GetContent(pub ContentId);

impl Operation for GetContent {
    type Output = ContentRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<ContentRow, OperationError> {
        get(conn, self.0)
    }
}

/// Contents, newest first.
#[derive(Debug, Clone)]
pub struct ListContents {
    pub filter: Filter,
    pub paging: Paging,
}

impl Operation for ListContents {
    type Output = Page<ContentRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Page<ContentRow>, OperationError> {
        let (limit, offset) = (self.paging.limit(), self.paging.offset());
        Ok(self.paging.of(contents::list(conn, &self.filter, limit, offset)?))
    }
}

/// Changes a content; what is none stays. Any change of its text makes a revision.
#[derive(Debug, Clone, Default)]
pub struct UpdateContent {
    pub id: Option<ContentId>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub digest: Option<Option<String>>,
    pub author: Option<Option<String>>,
    pub cover: Option<Option<String>>,
    pub tags: Option<Vec<String>>,
    pub source_url: Option<Option<String>>,
    pub account: Option<Option<AccountId>>,
}

/// The text of a content as it is kept.
pub(super) fn text_of(row: &ContentRow) -> Text {
    Text {
        title: row.title.clone(),
        body: row.body.clone(),
        digest: row.digest.clone(),
        author: row.author.clone(),
        cover: row.cover.clone(),
        tags: contents::read_tags(&row.tags),
        source_url: row.source_url.clone(),
    }
}

impl UpdateContent {
    pub fn new(id: ContentId) -> Self {
        UpdateContent { id: Some(id), ..UpdateContent::default() }
    }
}

impl Operation for UpdateContent {
    type Output = ContentRow;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<ContentRow, OperationError> {
        let id = self.id.ok_or_else(|| OperationError::invalid("id", Fault::Missing))?;
        let row = locked(conn, id)?;
        let old = text_of(&row);
        let text = Text {
            title: self.title.unwrap_or_else(|| old.title.clone()),
            body: self.body.unwrap_or_else(|| old.body.clone()),
            digest: self.digest.unwrap_or_else(|| old.digest.clone()),
            author: self.author.unwrap_or_else(|| old.author.clone()),
            cover: self.cover.unwrap_or_else(|| old.cover.clone()),
            tags: self.tags.unwrap_or_else(|| old.tags.clone()),
            source_url: self.source_url.unwrap_or_else(|| old.source_url.clone()),
        };
        if let Some(account) = self.account {
            check_account(conn, account)?;
            contents::set_account(conn, id, account, now)?;
        }
        if text != old {
            revise(conn, cx, id, &text, now)?;
        }
        get(conn, id)
    }
}

/// Writes a new revision. With review, it has to be approved anew, and what waits for it is held back.
pub(super) fn revise(
    conn: &mut DbConnection,
    cx: &Context,
    id: ContentId,
    text: &Text,
    now: Timestamp,
) -> Result<i32, OperationError> {
    check(text)?;
    let review = cx.first_review_status();
    // Without a review this text goes out as it is.
    if review == ReviewStatus::Approved && fitting::are_there(cx) {
        let waiting = entries::open_accounts_of_content(conn, id)?;
        fitting::check_text(conn, cx, id, text, &waiting)?;
    }
    let revision = contents::revise(conn, id, (text, &text_hash(text)), review, now)?;
    links::note(conn, id, revision, text)?;
    entries::set_held(conn, id, review != ReviewStatus::Approved)?;
    Ok(revision)
}

/// A step of the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewStep {
    Submit,
    Approve,
    Reject,
}

#[derive(Debug, Clone, Copy)]
pub struct ReviewContent {
    pub id: ContentId,
    pub step: ReviewStep,
}

impl Operation for ReviewContent {
    type Output = ContentRow;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<ContentRow, OperationError> {
        let row = locked(conn, self.id)?;
        let to = match (self.step, row.review_status) {
            (ReviewStep::Submit, ReviewStatus::Draft | ReviewStatus::Rejected) => ReviewStatus::PendingReview,
            (
                ReviewStep::Approve,
                ReviewStatus::Draft | ReviewStatus::PendingReview | ReviewStatus::Rejected,
            ) => ReviewStatus::Approved,
            (ReviewStep::Reject, ReviewStatus::PendingReview | ReviewStatus::Draft) => ReviewStatus::Rejected,
            (_, state) => {
                return Err(OperationError::WrongState {
                    thing: Thing::Content,
                    id: self.id.0,
                    state: State::Review(state),
                    wanted: Needed::ReviewSteps,
                });
            }
        };
        if to == ReviewStatus::Approved && fitting::are_there(cx) {
            let mut accounts = entries::open_accounts_of_content(conn, self.id)?;
            accounts.extend(row.account_id);
            fitting::check_content(conn, cx, self.id, &accounts)?;
        }
        contents::set_review(conn, self.id, to, now)?;
        entries::set_held(conn, self.id, to != ReviewStatus::Approved)?;
        get(conn, self.id)
    }
}

/// Removes a content that nothing waits for. Its log stays.
#[derive(Debug, Clone, Copy)]
pub struct DeleteContent(pub ContentId);

impl Operation for DeleteContent {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        get(conn, self.0)?;
        let open = entries::open_of_content(conn, self.0)?;
        if !open.is_empty() {
            return Err(OperationError::InUse { thing: Thing::Content, id: self.0.0, entries: open });
        }
        entries::delete_of_content(conn, self.0)?;
        extras::delete_of_content(conn, self.0)?;
        imported_files::note_deleted(conn, self.0)?;
        contents::delete(conn, self.0)?;
        Ok(())
    }
}
