//! What a publish asks of pictures: which one its text means, what was fetched of the web, and what the platform was given
//! already. The engine's; a platform's code reaches it through `platforms::pictures`.

use super::links::addressed;
use super::{add, get};
use crate::db::connection::DbConnection;
use crate::db::media::MediaRow;
use crate::db::media_links::{self, Link};
use crate::db::media_uploads::{self, UploadKind, Uploaded};
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::media::{MediaHash, UploadPurpose};
use crate::media::Received;
use crate::operations::{Access, Context, Operation, OperationError};

/// The picture that a revision calls `source`, where it is kept. One on the web that an earlier revision shows is the same,
/// however that address answers by now: an address is fetched once for a content.
#[derive(Debug, Clone)]
pub struct FindPicture {
    pub content: ContentId,
    pub revision: i32,
    pub source: String,
}

impl Operation for FindPicture {
    /// None where it is not kept; an address of ours that is wrong is [`OperationError::Invalid`].
    type Output = Option<MediaRow>;
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Option<MediaRow>, OperationError> {
        let FindPicture { content, revision, source } = self;
        let noted = media_links::of_revision(conn, content, revision)?;
        if let Some((_, row)) = noted.into_iter().find(|(known, _)| *known == source) {
            return Ok(Some(row));
        }
        let found = match addressed(conn, &source)? {
            Ok(Some(media)) => Some(media),
            Ok(None) => media_links::newest(conn, content, &source)?,
            Err(fault) => return Err(OperationError::invalid("body", fault)),
        };
        let Some(media) = found else { return Ok(None) };
        conn.write(|conn| {
            let row = get(conn, media)?;
            media_links::set(conn, content, revision, &Link { source, media })?;
            Ok(Some(row))
        })
    }
}

/// What is known already of the pictures that a revision shows, in one question: which they are, and what the platform of an
/// account was given of them at one place. What a text names for the first time is not there.
#[derive(Debug, Clone)]
pub struct KnownPictures {
    pub content: ContentId,
    pub revision: i32,
    pub account: AccountId,
    pub place: String,
}

/// A picture that is known already.
#[derive(Debug, Clone)]
pub struct KnownPicture {
    /// As the text has it.
    pub source: String,
    pub row: MediaRow,
    pub uploads: Vec<(UploadPurpose, Uploaded)>,
}

impl Operation for KnownPictures {
    type Output = Vec<KnownPicture>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Vec<KnownPicture>, OperationError> {
        let noted = media_links::of_revision(conn, self.content, self.revision)?;
        let files: Vec<MediaHash> = noted.iter().map(|(_, row)| row.sha256.clone()).collect();
        let uploads = media_uploads::of_files(conn, self.account, &self.place, &files)?;
        let of = |row: &MediaRow| {
            let same = uploads.iter().filter(|upload| upload.0 == row.sha256.as_str());
            same.map(|(_, purpose, uploaded)| (*purpose, uploaded.clone())).collect()
        };
        let known = |(source, row)| KnownPicture { source, uploads: of(&row), row };
        Ok(noted.into_iter().map(known).collect())
    }
}

/// Keeps a picture that was fetched for a revision.
#[derive(Debug, Clone)]
pub struct KeepFetched {
    pub content: ContentId,
    pub revision: i32,
    pub source: String,
    pub received: Received,
}

impl Operation for KeepFetched {
    type Output = MediaRow;
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<MediaRow, OperationError> {
        let KeepFetched { content, revision, source, received } = self;
        conn.write(|conn| {
            let row = add(conn, cx, &received, now)?.row;
            media_links::set(conn, content, revision, &Link { source, media: row.id })?;
            Ok(row)
        })
    }
}

/// What the platform of an account was given already, for one purpose at one place: see [`UploadKind`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadOf {
    pub account: AccountId,
    pub media: MediaHash,
    pub purpose: UploadPurpose,
    pub place: String,
}

impl UploadOf {
    fn kind(&self) -> UploadKind<'_> {
        UploadKind { purpose: self.purpose, place: &self.place }
    }
}

#[derive(Debug, Clone)]
pub struct FindUpload(pub UploadOf);

impl Operation for FindUpload {
    type Output = Option<Uploaded>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Option<Uploaded>, OperationError> {
        Ok(media_uploads::find(conn, self.0.account, &self.0.media, self.0.kind())?)
    }
}

/// Remembers an upload; none: forgets it, because the platform has it no more.
#[derive(Debug, Clone)]
pub struct NoteUpload {
    pub of: UploadOf,
    pub uploaded: Option<Uploaded>,
}

impl Operation for NoteUpload {
    type Output = ();
    const ACCESS: Access = Access::Engine;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<(), OperationError> {
        let NoteUpload { of, uploaded } = self;
        conn.write(|conn| {
            match &uploaded {
                Some(uploaded) => media_uploads::keep(conn, of.account, &of.media, of.kind(), uploaded)?,
                None => media_uploads::forget(conn, of.account, &of.media, of.kind())?,
            }
            Ok(())
        })
    }
}
