//! What comes in: bodies and ids, read once at the edge into types. Queries are in `query.rs`.

use super::Api;
use super::problem::Problem;
use super::reading::Reading;
use super::routes::Takes;
use crate::config::Limits;
use crate::domain::clock::Timestamp;
use crate::domain::field_error::FieldError;
use crate::domain::json_limits::{Counter, TooMuch};
use crate::domain::{json_input, json_limits, time_input};
use crate::listening::Marks;
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// A JSON body. Not JSON is a 400; JSON that does not fit is a 422 that names the field.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + Send + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read_bytes(request, payload);
        async move { bytes.await?.read().await.map(Body) }.boxed_local()
    }
}

impl<T: JsonSchema> Takes for Body<T> {
    fn tell(reading: &mut Reading<'_>) {
        reading.body::<T>();
    }
}

/// A request whose body has nothing to say: it is left out, null, or an empty object. Whoever sends more means something that is
/// not done here, and is told so.
pub struct NoBody;

impl FromRequest for NoBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read_bytes(request, payload);
        async move { bytes.await?.says_nothing().await.map(|()| NoBody) }.boxed_local()
    }
}

impl Takes for NoBody {
    fn tell(reading: &mut Reading<'_>) {
        reading.no_body();
    }
}

/// So much of a body is taken in one go, in bytes.
const TURN_BYTES: usize = 128 * 1024;
/// How long the next turn of a body is put off whose end nobody here waits for.
const REFUSED_TURN: Duration = Duration::from_millis(2);
/// Bodies up to this size, in bytes, are read in a few hundred microseconds.
const READ_HERE_MAX: usize = 64 * 1024;

/// A body as it came.
#[derive(Clone)]
pub struct Raw {
    pub bytes: Bytes,
}

impl Raw {
    /// Reads it as JSON. A large one elsewhere: others are answered by this thread meanwhile.
    pub async fn read<T: DeserializeOwned + Send + 'static>(&self) -> Result<T, Problem> {
        if self.bytes.len() <= READ_HERE_MAX {
            return read(&self.bytes);
        }
        let bytes = self.bytes.clone();
        let reading = web::block(move || read(&bytes)).await;
        reading.map_err(|error| OperationError::from(Broken::Said(error.to_string())))?
    }

    /// Refuses one that says anything.
    pub async fn says_nothing(&self) -> Result<(), Problem> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        if self.bytes.trim_ascii() == b"null" {
            return Ok(());
        }
        self.read::<Nothing>().await.map(drop)
    }
}

/// The body of a request, up to the largest and the slowest that is taken.
pub fn read_bytes(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Raw, Problem>> + use<> {
    let encoding = request.headers().get(CONTENT_ENCODING).cloned();
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    let payload = payload.take();
    let api = request.app_data::<web::Data<Api>>();
    let body_max_bytes = api.map_or(0, |api| api.body_max_bytes);
    let limits = api.map_or_else(Limits::default, |api| api.server.limits.clone());
    let marks = request.conn_data::<Rc<Marks>>().cloned();
    async move {
        if let Some(encoding) = encoding.filter(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(encoded(&encoding));
        }
        let whole = collected(payload, announced, body_max_bytes, &limits);
        let bytes = timeout(limits.body_time, whole).await.map_err(|_| slow(limits.body_time))??;
        if let Some(marks) = marks {
            marks.has_body();
        }
        Ok(Raw { bytes })
    }
}

/// All of it, where it is no larger than `most`, and as JSON no more than is taken. The rest of one that is too much as JSON is
/// let go of as it comes: whoever sends it reads no answer before it is out. Whoever sends much and fast lets the others have
/// their turns.
async fn collected(
    mut payload: Payload,
    announced: Option<usize>,
    most: usize,
    limits: &Limits,
) -> Result<Bytes, Problem> {
    let overflow = || unread(&PayloadError::Overflow, most);
    if announced.is_some_and(|length| length > most) {
        return Err(overflow());
    }
    let mut gathered = Gathered::new(limits);
    let mut turn_ends = TURN_BYTES;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| unread(&error, most))?;
        if chunk.len() > most - gathered.length {
            return Err(overflow());
        }
        gathered.add(&chunk);
        if gathered.length >= turn_ends {
            turn_ends = gathered.length + TURN_BYTES;
            match gathered.too_much {
                None => yield_now().await,
                Some(_) => sleep(REFUSED_TURN).await,
            }
        }
    }
    match gathered.too_much {
        None => Ok(gathered.kept.freeze()),
        Some(too_much) => Err(refused(too_much, limits)),
    }
}

/// What has come of a body; nothing of it is kept from where it is too much as JSON.
struct Gathered {
    kept: BytesMut,
    /// Bytes that came.
    length: usize,
    counter: Counter,
    too_much: Option<TooMuch>,
}

impl Gathered {
    fn new(limits: &Limits) -> Self {
        let counter = Counter::new(limits.json_depth, limits.json_values);
        Gathered { kept: BytesMut::new(), length: 0, counter, too_much: None }
    }

    fn add(&mut self, chunk: &[u8]) {
        self.length += chunk.len();
        if self.too_much.is_some() {
            return;
        }
        self.kept.extend_from_slice(chunk);
        self.too_much = self.counter.count(&self.kept).err();
        if self.too_much.is_some() {
            self.kept = BytesMut::new();
        }
    }
}

fn unread(error: &PayloadError, body_max_bytes: usize) -> Problem {
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "bad_body", detail);
    match error {
        PayloadError::Overflow => {
            let detail = format!("the body is larger than {body_max_bytes} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        }
        PayloadError::Incomplete(_) => bad("the body ended too soon, or its encoding is broken".to_owned()),
        error => bad(format!("the body could not be read: {error}")),
    }
}

/// Refuses a body: what is small when it comes may be any size when it is unpacked.
pub fn encoded(encoding: &HeaderValue) -> Problem {
    let shown: String = encoding.to_str().unwrap_or_default().chars().take(30).collect();
    let detail = format!("the body is encoded (Content-Encoding: {shown}), which is not read here");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail)
        .hint("Send it as it is, without Content-Encoding.")
}

/// Refuses a body that did not come whole in time.
pub fn slow(limit: Duration) -> Problem {
    let detail = format!("the body did not come whole within {} s", limit.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_request", detail)
}

/// An empty body is an empty object: what is missing then is told like any other field.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, "not_json", detail);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = json_limits::place(bytes, error.valid_up_to());
        bad(format!("the body is not UTF-8 at line {line} column {column}")).at(line, column)
    })?;
    let text = if text.trim().is_empty() { "{}" } else { text };
    let value: Value = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    if let Some(error) = json_input::find_nul(&value, "") {
        return Err(error.into());
    }
    Ok(json_input::read(value, "")?)
}

/// serde counts bytes, and people characters.
fn not_json(text: &str, error: &serde_json::Error) -> Problem {
    let line_start =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let (line, column) = json_limits::place(text.as_bytes(), line_start + error.column().saturating_sub(1));
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(&*said, |(said, _)| said);
    let detail = format!("the body is not JSON: {said} at line {line} column {column}");
    Problem::new(StatusCode::BAD_REQUEST, "not_json", detail).at(line, column)
}

fn refused(too_much: TooMuch, limits: &Limits) -> Problem {
    match too_much {
        TooMuch::Deep { line, column } => {
            let depth = limits.json_depth;
            let detail =
                format!("the body is nested deeper than {depth} levels at line {line} column {column}");
            Problem::new(StatusCode::BAD_REQUEST, "json_too_deep", detail).at(line, column)
        }
        TooMuch::Many => {
            let detail = format!("the body has more than {} values", limits.json_values);
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "json_too_large", detail)
        }
    }
}

/// An id in a path; what is no number is not there.
pub fn id<T: FromStr>(what: &str, text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|_| Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what} {text}")))
}

/// Tells a field that is null from one that is missing.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A field that may be left out, but not be null: it is no field that can be emptied.
pub fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A list of objects. For one of them serde would also take a list of its values, in the order of its fields.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Vec::<Object<T>>::deserialize(deserializer)?.into_iter().map(|object| object.0).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

/// A time as users write it, in the configured zone where it has no offset; there may be none.
pub fn optional_time(
    field: &str,
    text: Option<&str>,
    zone: chrono_tz::Tz,
) -> Result<Option<Timestamp>, FieldError> {
    text.map(|text| time_input::parse(text, zone)).transpose().map_err(|error| FieldError::new(field, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_let_go_of_as_it_comes() {
        let limits = Limits { json_values: 10, ..Limits::default() };
        let mut gathered = Gathered::new(&limits);
        gathered.add(b"[1,2,3,");
        assert_eq!((&gathered.kept[..], gathered.too_much), (&b"[1,2,3,"[..], None));
        gathered.add(b"4,5,6,7,8,9,10,");
        for _ in 0..1000 {
            gathered.add(b"11,12,");
        }
        assert_eq!((gathered.kept.capacity(), gathered.too_much), (0, Some(TooMuch::Many)));
        assert_eq!(gathered.length, 7 + 15 + 6000);
    }
}
