//! A command that its client has named by a key: asked for again, it is answered again, and nothing is done twice.

use super::broken::Broken;
use super::{Access, Context, Operation, OperationError, credentials};
use crate::db::connection::DbConnection;
use crate::db::request_keys::{self, KeptAnswer};
use crate::domain::clock::Timestamp;
use crate::domain::ids::TokenId;
use crate::domain::request_key::{REMEMBERED_FOR, RequestKey};
use crate::secrets::{SecretError, SecretKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Answers that are too old and go whenever one is kept: more than come, so that they do not pile up.
const FORGOTTEN_AT_ONCE: i64 = 2;

/// Answers that are sealed anew at once.
const PART: i64 = 500;

/// A request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Whose key it is.
    pub token: TokenId,
    pub key: RequestKey,
    /// Of all that was asked. The same key with another one is a mistake.
    pub fingerprint: String,
}

impl KeyedRequest {
    fn identity(&self) -> String {
        identity(self.token, self.key.as_str())
    }
}

/// What a sealed answer belongs to.
fn identity(token: TokenId, key: &str) -> String {
    format!("idempotency:{token}:{key}")
}

/// Seals the answers that are kept with another key. One that does not open here is of another process with a key of its
/// own, and stays.
pub(super) fn seal_anew(
    conn: &mut DbConnection,
    cx: &Context,
    with: &SecretKey,
) -> Result<(), OperationError> {
    let mut after = (TokenId(0), String::new());
    loop {
        let part = request_keys::after(conn, &after, PART)?;
        for (token, key, sealed) in &part {
            let identity = identity(*token, key);
            let Ok(plain) = cx.keys.open(sealed, &identity) else { continue };
            let sealed = with.seal(&plain, &identity).map_err(Broken::from)?;
            request_keys::seal_anew(conn, *token, key, &sealed)?;
        }
        let Some((token, key, _)) = part.into_iter().last() else { return Ok(()) };
        after = (token, key);
    }
}

/// Makes an answer of what an operation gives back.
pub type Shape<O> = Box<dyn FnOnce(<O as Operation>::Output, &Context, Timestamp) -> Value + Send>;

/// Runs an operation that writes, unless it was run for the same request before. What is refused is not remembered: it
/// has done nothing.
pub struct Once<O: Operation> {
    /// None where the client gave no key.
    pub request: Option<KeyedRequest>,
    pub operation: O,
    pub shape: Shape<O>,
}

/// The answer, in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub body: String,
    /// It was given before, and nothing was done now.
    pub is_repeated: bool,
}

/// What is sealed: the body of a request may hold secrets that could be guessed from its fingerprint, and an answer may
/// hold a token.
#[derive(Serialize, Deserialize)]
struct Kept {
    fingerprint: String,
    body: String,
}

impl<O: Operation> Once<O> {
    const WRITES: () =
        assert!(matches!(O::ACCESS, Access::Write), "what is done once is done in a transaction");
}

impl<O: Operation> Operation for Once<O> {
    type Output = Answered;
    const ACCESS: Access = Access::Write;
    const TOGETHER: bool = O::TOGETHER;

    fn run(self, conn: &mut DbConnection, cx: &Context, now: Timestamp) -> Result<Answered, OperationError> {
        let () = Self::WRITES;
        let Once { request, operation, shape } = self;
        if let Some(request) = &request {
            request_keys::lock(conn, request.token, &request.key)?;
            let kept = request_keys::find(conn, request.token, &request.key)?;
            if let Some(body) = kept.map(|kept| open(kept, request, cx, now)).transpose()?.flatten() {
                return Ok(Answered { body, is_repeated: true });
            }
        }
        // First: what could not be answered again must not be done.
        let key = request.is_some().then(|| credentials::key_in_use(conn, cx)).transpose()?;
        let output = operation.run(conn, cx, now)?;
        let body = shape(output, cx, now).to_string();
        if let (Some(request), Some(key)) = (&request, key) {
            keep(conn, request, &body, &key, now)?;
        }
        Ok(Answered { body, is_repeated: false })
    }
}

/// What was answered to the same request; none where that was too long ago.
fn open(
    kept: KeptAnswer,
    request: &KeyedRequest,
    cx: &Context,
    now: Timestamp,
) -> Result<Option<String>, OperationError> {
    if kept.created_at < now - REMEMBERED_FOR {
        return Ok(None);
    }
    let plain = cx.keys.open(&kept.sealed, &request.identity()).map_err(|error| match error {
        SecretError::WrongKey => OperationError::WrongSecretKey,
        other => Broken::KeptAnswer(other).into(),
    })?;
    let kept: Kept = serde_json::from_slice(&plain).map_err(Broken::from)?;
    if kept.fingerprint != request.fingerprint {
        return Err(OperationError::KeyReused);
    }
    Ok(Some(kept.body))
}

fn keep(
    conn: &mut DbConnection,
    request: &KeyedRequest,
    body: &str,
    key: &SecretKey,
    now: Timestamp,
) -> Result<(), OperationError> {
    let kept = Kept { fingerprint: request.fingerprint.clone(), body: body.to_owned() };
    let plain = serde_json::to_vec(&kept).map_err(Broken::AnswerUnwritable)?;
    let sealed = key.seal(&plain, &request.identity()).map_err(Broken::AnswerUnsealed)?;
    request_keys::put(conn, request.token, &request.key, &sealed, now)?;
    request_keys::forget(conn, now - REMEMBERED_FOR, FORGOTTEN_AT_ONCE)?;
    Ok(())
}
