//! Pictures that are kept: taken in, looked at, removed. Their files are in `media::Store`, their rows in `db/media.rs`.
//!
//! A file is somebody's as long as it has a row. It has its place before its row is written, and its row is gone before it
//! goes: so that whatever dies in between, a row's file is there, and what is left over is a file that nobody needs.

pub(super) mod links;
pub mod pruning;
pub mod publishing;

use super::broken::Broken;
use super::wrong_state::{Needed, State};
use super::{Access, Context, Operation, OperationError, Page, Paging};
use crate::db::connection::DbConnection;
use crate::db::media::{self, MediaRow};
use crate::domain::clock::Timestamp;
use crate::domain::ids::MediaId;
use crate::domain::media::MediaHash;
use crate::domain::thing::Thing;
use crate::media::{Received, StoreError};

impl From<StoreError> for OperationError {
    /// What is wrong with a picture is its giver's to mend; the rest is ours.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Picture(fault) => OperationError::invalid("file", fault),
            other => Broken::Store(other).into(),
        }
    }
}

/// Keeps a picture that was received. The same file again is the same picture, whatever it is called.
#[derive(Debug, Clone)]
pub struct AddMedia(pub Received);

/// A picture that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedMedia {
    pub row: MediaRow,
    /// It was not there before.
    pub is_new: bool,
}

impl Operation for AddMedia {
    type Output = AddedMedia;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<AddedMedia, OperationError> {
        add(conn, cx, &self.0, now)
    }
}

/// The same within a larger transaction.
pub(super) fn add(
    conn: &mut DbConnection,
    cx: &Context,
    received: &Received,
    now: Timestamp,
) -> Result<AddedMedia, OperationError> {
    media::lock_files(conn)?;
    cx.media.place(received)?;
    write_row(conn, received, now)
}

/// The row alone, of a file that has its place, or of a rehearsal that is undone.
pub(super) fn write_row(
    conn: &mut DbConnection,
    received: &Received,
    now: Timestamp,
) -> Result<AddedMedia, OperationError> {
    if let Some(row) = media::by_hash(conn, &received.facts.sha256)? {
        media::is_wanted(conn, row.id)?;
        return Ok(AddedMedia { row: MediaRow { unused_since: None, ..row }, is_new: false });
    }
    let id = media::insert(conn, &received.facts, received.name.as_deref(), now)?;
    Ok(AddedMedia { row: get(conn, id)?, is_new: true })
}

pub(super) fn get(conn: &mut DbConnection, id: MediaId) -> Result<MediaRow, OperationError> {
    media::get(conn, id)?.ok_or_else(|| OperationError::not_found(Thing::Media, id))
}

#[derive(Debug, Clone, Copy)]
pub struct GetMedia(pub MediaId);

impl Operation for GetMedia {
    type Output = MediaRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<MediaRow, OperationError> {
        get(conn, self.0)
    }
}

/// Pictures, newest first.
#[derive(Debug, Clone, Copy)]
pub struct ListMedia(pub Paging);

impl Operation for ListMedia {
    type Output = Page<MediaRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Page<MediaRow>, OperationError> {
        Ok(self.0.of(media::list(conn, self.0.limit(), self.0.offset())?))
    }
}

/// Removes a picture that no content shows. Its file is [`RemoveFile`]'s to remove; where that does not come to it, a task
/// of type `prune` does.
#[derive(Debug, Clone, Copy)]
pub struct DeleteMedia(pub MediaId);

/// The picture that is gone, whose file may go, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedMedia(pub MediaHash);

impl Operation for DeleteMedia {
    type Output = DeletedMedia;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<DeletedMedia, OperationError> {
        let row = media::lock(conn, self.0)?;
        let row = row.ok_or_else(|| OperationError::not_found(Thing::Media, self.0))?;
        let contents = media::shown_by(conn, self.0)?;
        if !contents.is_empty() {
            return Err(OperationError::WrongState {
                thing: Thing::Media,
                id: self.0.0,
                state: State::ShownBy(contents),
                wanted: Needed::UnshownFirst,
            });
        }
        media::delete(conn, self.0)?;
        Ok(DeletedMedia(row.sha256))
    }
}

/// Removes the file of a picture that has no row. True where it did.
#[derive(Debug, Clone)]
pub struct RemoveFile(pub MediaHash);

impl Operation for RemoveFile {
    type Output = bool;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, _: Timestamp) -> Result<bool, OperationError> {
        remove_file(conn, cx, &self.0)
    }
}

/// In a transaction of its own, so that nobody takes the same picture in between the look and the removal.
fn remove_file(conn: &mut DbConnection, cx: &Context, hash: &MediaHash) -> Result<bool, OperationError> {
    conn.write(|conn| {
        media::lock_files(conn)?;
        match media::by_hash(conn, hash)? {
            Some(_) => Ok(false),
            None => Ok(cx.media.remove(hash)?),
        }
    })
}
