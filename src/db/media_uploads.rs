//! What an account's platform was given already, so that no upload is repeated.
//!
//! A platform's code asks [`find`] before it uploads a picture, and calls [`keep`] once the platform has answered with an
//! id or an address, before it goes on: what is not kept by then is uploaded once more after a crash, and nothing worse.
//! Rows are by the file's hash and outlive the file: one that was pruned, and comes again, is known still. They go with
//! their account.

use super::connection::{DbConnection, DbError};
use super::schema::media_uploads::dsl;
use super::statement::statement;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::media::{MediaHash, UploadPurpose};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

/// What for, and where: a platform keeps covers and pictures of texts apart, and an account may be pointed at another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadKind<'a> {
    pub purpose: UploadPurpose,
    /// What names the place at the platform, in the words of its code: for WeChat the app id, and for a cover how it was
    /// uploaded. An account whose place changes uploads anew.
    pub place: &'a str,
}

/// What the platform answered: at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Uploaded {
    /// For WeChat the `media_id` of a cover.
    pub platform_id: Option<String>,
    /// For WeChat the address of a picture within a text.
    pub url: Option<String>,
    pub uploaded_at: Timestamp,
}

/// What became of an upload of this file by this account; none: there was none.
pub fn find(
    conn: &mut DbConnection,
    account: AccountId,
    media: &MediaHash,
    kind: UploadKind<'_>,
) -> Result<Option<Uploaded>, DbError> {
    Ok(dsl::media_uploads
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::sha256.eq(media.as_str()))
        .filter(dsl::purpose.eq(kind.purpose.as_str()))
        .filter(dsl::place.eq(kind.place))
        .select((dsl::platform_id, dsl::url, dsl::uploaded_at))
        .first(conn)
        .optional()?)
}

/// What an account was answered at one place to uploads of these files: each with its file and its purpose.
pub fn of_files(
    conn: &mut DbConnection,
    account: AccountId,
    place: &str,
    files: &[MediaHash],
) -> Result<Vec<(String, UploadPurpose, Uploaded)>, DbError> {
    let files: Vec<&str> = files.iter().map(MediaHash::as_str).collect();
    Ok(dsl::media_uploads
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::sha256.eq_any(files))
        .filter(dsl::place.eq(place))
        .select((dsl::sha256, dsl::purpose, (dsl::platform_id, dsl::url, dsl::uploaded_at)))
        .load(conn)?)
}

const KEEP: &str = "INSERT INTO media_uploads (account_id, sha256, purpose, place, platform_id, url, uploaded_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, sha256, purpose, place) DO UPDATE SET \
    platform_id = excluded.platform_id, url = excluded.url, uploaded_at = excluded.uploaded_at";

/// Remembers an upload. Of two of the same file, which two attempts may have made at once, the later counts.
pub fn keep(
    conn: &mut DbConnection,
    account: AccountId,
    media: &MediaHash,
    kind: UploadKind<'_>,
    uploaded: &Uploaded,
) -> Result<(), DbError> {
    let keep = statement::<()>(KEEP)
        .bind::<BigInt, _>(account.0)
        .bind::<Text, _>(media.as_str())
        .bind::<Text, _>(kind.purpose.as_str())
        .bind::<Text, _>(kind.place)
        .bind::<Nullable<Text>, _>(uploaded.platform_id.as_deref())
        .bind::<Nullable<Text>, _>(uploaded.url.as_deref())
        .bind::<BigInt, _>(uploaded.uploaded_at.micros());
    match conn {
        DbConnection::Sqlite(inner) => keep.execute(inner)?,
        DbConnection::Postgres(inner) => keep.execute(inner)?,
    };
    Ok(())
}

/// Forgets an upload that the platform says it does not have any more.
pub fn forget(
    conn: &mut DbConnection,
    account: AccountId,
    media: &MediaHash,
    kind: UploadKind<'_>,
) -> Result<(), DbError> {
    let known = dsl::media_uploads
        .filter(dsl::account_id.eq(account.0))
        .filter(dsl::sha256.eq(media.as_str()))
        .filter(dsl::purpose.eq(kind.purpose.as_str()))
        .filter(dsl::place.eq(kind.place));
    diesel::delete(known).execute(conn)?;
    Ok(())
}
