//! Requests that make something. With an `Idempotency-Key` each makes it once, however often it is sent.

use super::Api;
use super::input::{Raw, read_bytes};
use super::problem::{Answer, Problem};
use super::reading::Reading;
use super::roles::Caller;
use super::routes::Takes;
use crate::domain::request_key::RequestKey;
use crate::operations::broken::Broken;
use crate::operations::once::{Answered, KeyedRequest, Once};
use crate::operations::{Context, Operation, OperationError};
use crate::secrets;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

const KEY: &str = "Idempotency-Key";
/// Told where nothing was done, because it had been before.
const REPEATED: &str = "Idempotency-Replayed";

/// The JSON body of a request that makes something, and its key, where it has one.
pub struct Creating<T> {
    pub body: T,
    pub request: Keyed,
}

/// The key of a request whose body says nothing, where it has one.
pub struct Keyed(Option<KeyedRequest>);

impl<T: DeserializeOwned + Send + 'static> FromRequest for Creating<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, raw) = (request.clone(), read_bytes(request, payload));
        async move {
            let raw = raw.await?;
            let request = Keyed(keyed(&http, &raw)?);
            Ok(Creating { body: raw.read().await?, request })
        }
        .boxed_local()
    }
}

impl FromRequest for Keyed {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, raw) = (request.clone(), read_bytes(request, payload));
        async move {
            let raw = raw.await?;
            raw.says_nothing().await?;
            Ok(Keyed(keyed(&http, &raw)?))
        }
        .boxed_local()
    }
}

impl<T: JsonSchema> Takes for Creating<T> {
    fn tell(reading: &mut Reading<'_>) {
        reading.body::<T>();
        reading.key(RequestKey::MAX_CHARS);
    }
}

impl Takes for Keyed {
    fn tell(reading: &mut Reading<'_>) {
        reading.key(RequestKey::MAX_CHARS);
    }
}

fn keyed(request: &HttpRequest, body: &Raw) -> Result<Option<KeyedRequest>, Problem> {
    Ok(keyed_by(request, &body.bytes)?.0)
}

/// The key of a request whose body is told by `body`: a body that says the same in another way is the same there.
pub fn keyed_by(request: &HttpRequest, body: &[u8]) -> Result<Keyed, Problem> {
    let mut given = request.headers().get_all(KEY);
    let Some(first) = given.next() else { return Ok(Keyed(None)) };
    let key = first.to_str().ok().and_then(|text| RequestKey::parse(text).ok());
    let (Some(key), None) = (key, given.next()) else {
        let wanted =
            format!("the header {KEY} must have 1 to {} visible ASCII characters", RequestKey::MAX_CHARS);
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_idempotency_key", wanted)
            .hint("Give it once, e.g. a UUID that is new for each thing to be made."));
    };
    let token = request.extensions().get::<Caller>().and_then(|caller| caller.actor.token);
    let token = token.ok_or_else(|| OperationError::from(Broken::NoCaller))?;
    Ok(Keyed(Some(KeyedRequest { token, key, fingerprint: fingerprint(request, body) })))
}

/// Of all that a request asks for.
fn fingerprint(request: &HttpRequest, body: &[u8]) -> String {
    let head = format!("{} {}?{}\n", request.method(), request.path(), request.query_string());
    secrets::sha256_hex(&[head.as_bytes(), body].concat())
}

impl Keyed {
    /// Runs an operation once for this request, and shapes what it gives back into an answer with `status`.
    pub async fn once<O: Operation>(
        self,
        api: &Api,
        status: StatusCode,
        operation: O,
        shape: impl FnOnce(O::Output, &Context, crate::domain::clock::Timestamp) -> Value + Send + 'static,
    ) -> Answer {
        Ok(answer(self.perform(api, operation, shape).await?, status))
    }

    /// The same, where the answer is not all that is done.
    pub async fn perform<O: Operation>(
        self,
        api: &Api,
        operation: O,
        shape: impl FnOnce(O::Output, &Context, crate::domain::clock::Timestamp) -> Value + Send + 'static,
    ) -> Result<Answered, Problem> {
        Ok(api.db.perform(Once { request: self.0, operation, shape: Box::new(shape) }).await?)
    }
}

/// The answer to a request that was run once.
pub fn answer(answered: Answered, status: StatusCode) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.content_type("application/json");
    if answered.is_repeated {
        response.insert_header((REPEATED, "true"));
    }
    response.body(answered.body)
}
