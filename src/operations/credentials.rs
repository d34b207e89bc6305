//! Credentials: sealed when they come in, opened for an attempt, sealed anew when the key is changed. The database's
//! note of the key in use is held to the end of each transaction that seals: what was sealed with the key from before
//! cannot come in behind the change.

use super::broken::Broken;
use super::unready::Unready;
use super::{Access, Context, Operation, OperationError, once};
use crate::db::connection::DbConnection;
use crate::db::{accounts, meta, platform_tokens};
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::platforms::platform::Credentials;
use crate::secrets::{SecretError, SecretKey};
use fail::fail_point;
use serde_json::Value;

/// Accounts that are read at once.
const PART: i64 = 500;

/// Keeps credentials sealed. The first ones tie the database to our key.
pub(super) fn seal(
    conn: &mut DbConnection,
    cx: &Context,
    id: AccountId,
    credentials: &Credentials,
) -> Result<(), OperationError> {
    if credentials.0.is_empty() {
        accounts::set_credentials(conn, id, None, "[]")?;
        return Ok(());
    }
    meta::set_first(conn, meta::SECRET_KEY_FINGERPRINT, cx.keys.first().fingerprint())?;
    let key = key_in_use(conn, cx)?;
    let names = Value::from(credentials.0.keys().cloned().collect::<Vec<_>>()).to_string();
    let plain = Value::from_iter(credentials.0.clone()).to_string();
    let sealed = sealed_with(&key, plain.as_bytes(), id)?;
    accounts::set_credentials(conn, id, Some(&sealed), &names)?;
    Ok(())
}

/// The key that things are sealed with, to the end of the caller's transaction: nothing is sealed behind the back of whoever
/// changes it. Before the first credential, our own first.
pub(super) fn key_in_use(conn: &mut DbConnection, cx: &Context) -> Result<SecretKey, OperationError> {
    let Some(kept) = meta::hold(conn, meta::SECRET_KEY_FINGERPRINT)? else { return Ok(cx.keys.first()) };
    cx.keys.get(&kept).ok_or_else(|| {
        cx.note_wrong_key(&kept);
        OperationError::WrongSecretKey
    })
}

/// Looks whether the database's key is one of ours still: another node may have changed it, or somebody brought it here.
pub(super) fn look_for_key(conn: &mut DbConnection, cx: &Context) -> Result<(), OperationError> {
    match meta::get(conn, meta::SECRET_KEY_FINGERPRINT)? {
        Some(kept) if cx.keys.get(&kept).is_none() => cx.note_wrong_key(&kept),
        Some(_) | None => cx.note_right_key(),
    }
    Ok(())
}

fn sealed_with(key: &SecretKey, plain: &[u8], id: AccountId) -> Result<String, OperationError> {
    key.seal(plain, &identity(id)).map_err(|error| OperationError::Internal(Broken::Sealing(error)))
}

/// What a sealed credential belongs to: it cannot be moved to another account.
fn identity(id: AccountId) -> String {
    format!("account:{id}")
}

/// Credentials in the clear, for an attempt.
pub(super) fn open(cx: &Context, id: AccountId, sealed: &str) -> Result<Credentials, OperationError> {
    serde_json::from_slice(&plain(cx, id, sealed)?).map(Credentials).map_err(|_| {
        // What cannot be read may be a secret, and the error would quote it.
        OperationError::LaneUnready { account: id, reason: Unready::CredentialsUnreadable }
    })
}

fn plain(cx: &Context, id: AccountId, sealed: &str) -> Result<Vec<u8>, OperationError> {
    cx.keys.open(sealed, &identity(id)).map_err(|error| match error {
        SecretError::WrongKey => OperationError::WrongSecretKey,
        other => OperationError::LaneUnready { account: id, reason: Unready::CredentialsClosed(other) },
    })
}

/// The fingerprint of the key that credentials are sealed with; none before the first of them.
#[derive(Debug, Clone, Copy)]
pub struct GetKeyInUse;

impl Operation for GetKeyInUse {
    type Output = Option<String>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Option<String>, OperationError> {
        Ok(meta::get(conn, meta::SECRET_KEY_FINGERPRINT)?)
    }
}

/// Looks whether ours is the key of the database still.
#[derive(Debug, Clone, Copy)]
pub struct LookForKey;

impl Operation for LookForKey {
    type Output = ();
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, cx: &Context, _: Timestamp) -> Result<(), OperationError> {
        look_for_key(conn, cx)
    }
}

/// Seals all credentials with another key, and has it be the one in use. All or nothing; the accounts stay as they are
/// in everything else, so that what is on the wire, or kept ready for it, notices nothing.
#[derive(Debug)]
pub struct SealAnew {
    pub with: SecretKey,
}

/// What was sealed anew, and with which key, by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Accounts whose credentials were.
    pub accounts: usize,
    pub key: String,
}

impl Operation for SealAnew {
    type Output = Sealed;
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, cx: &Context, _: Timestamp) -> Result<Sealed, OperationError> {
        // Whoever seals meanwhile waits here, or was waited for.
        meta::set(conn, meta::SECRET_KEY_FINGERPRINT, self.with.fingerprint())?;
        let (mut after, mut count) = (AccountId(0), 0);
        loop {
            let part = accounts::sealed_after(conn, after, PART)?;
            let Some((last, _)) = part.last() else { break };
            after = *last;
            for (id, sealed) in &part {
                let sealed = sealed_with(&self.with, &plain(cx, *id, sealed)?, *id)?;
                accounts::seal_anew(conn, *id, &sealed)?;
            }
            count += part.len();
        }
        once::seal_anew(conn, cx, &self.with)?;
        platform_tokens::forget_all(conn)?;
        fail_point!("sealing_anew", |_| Err(OperationError::Overloaded));
        Ok(Sealed { accounts: count, key: self.with.fingerprint().to_owned() })
    }
}
