//! Errors as `application/problem+json` (RFC 9457), with a stable `code`, and what to do.

use crate::actors::db::panic_text;
use crate::db::connection::DbError;
use crate::domain::fault::Fault;
use crate::domain::field_error::FieldError;
use crate::domain::similar_text::Similar;
use crate::error_codes;
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use crate::operations::error::ErrorKind;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::fmt;
use std::panic::AssertUnwindSafe;

/// Seconds that a client is asked to wait when we cannot serve it, and know no better.
const WAIT_SECONDS: u32 = 1;
const PROBLEM_JSON: &str = "application/problem+json";

/// An answer that says what went wrong.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    hint: Option<&'static str>,
    fields: Vec<FieldError>,
    more: Vec<(&'static str, Value)>,
    wait_seconds: u32,
}

pub type Answer = Result<HttpResponse, Problem>;

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Problem {
            status,
            code,
            detail,
            hint: None,
            fields: Vec::new(),
            more: Vec::new(),
            wait_seconds: WAIT_SECONDS,
        }
    }

    /// After how long it is worth trying again.
    pub fn wait(mut self, seconds: u32) -> Self {
        self.wait_seconds = seconds;
        self
    }

    /// Where in the body, both from 1.
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.more.extend([("line", line.into()), ("column", column.into())]);
        self
    }

    /// One more field of the answer, which the document has to tell of.
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more.push((name, value));
        self
    }

    /// What is wrong, for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    pub fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// A field that cannot be used: 422.
    pub fn field(field: impl Into<String>, fault: impl Into<Fault>) -> Self {
        OperationError::invalid(field, fault).into()
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        OperationError::Invalid(vec![error]).into()
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        let status = match error.kind() {
            ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Changed => StatusCode::PRECONDITION_FAILED,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let (code, hint) = (error.code(), error.hint());
        let detail = match status {
            // What the database said is for the log, not for strangers.
            StatusCode::INTERNAL_SERVER_ERROR => {
                log::error!("a request failed: {error}");
                "something broke here; the server's log says more".to_owned()
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                log::warn!("a request could not be served: {error}");
                match &error {
                    OperationError::Overloaded => error.to_string(),
                    OperationError::Db(DbError::Moved(_)) => {
                        "the database's file was deleted, moved or replaced; the server's log says which"
                            .to_owned()
                    }
                    _ => "the database is not available at the moment".to_owned(),
                }
            }
            _ => error.to_string(),
        };
        let mut problem = Problem { hint, ..Problem::new(status, code, detail) };
        describe(error, &mut problem);
        problem
    }
}

fn describe(error: OperationError, problem: &mut Problem) {
    match error {
        OperationError::Invalid(fields) => problem.fields = fields,
        OperationError::AlreadyInPool { entry, .. }
        | OperationError::SimilarText { similar: Similar { entry, .. }, .. } => {
            problem.more.push(("entry_id", entry.0.into()));
        }
        OperationError::MaybePublished { entry, status } => {
            problem.more.push(("entry_id", entry.0.into()));
            problem.more.push(("state", status.as_str().into()));
        }
        OperationError::InUse { entries, .. } => {
            problem.more.push(("entry_ids", entries.iter().map(|entry| entry.0).collect::<Vec<_>>().into()));
        }
        // Not `status`, which is the answer's own.
        OperationError::WrongState { state, .. } => problem.more.push(("state", state.to_string().into())),
        OperationError::InBatch { index, error } => {
            let item = format!("items[{index}]");
            let message = error.to_string();
            describe(*error, problem);
            if problem.fields.is_empty() {
                problem.fields = vec![FieldError::new(&item, Fault::Said(message))];
            } else {
                problem.fields.iter_mut().for_each(|wrong| wrong.field = format!("{item}.{}", wrong.field));
            }
        }
        OperationError::NotFound { .. }
        | OperationError::AlreadyPublished { .. }
        | OperationError::SimilarItem { .. }
        | OperationError::NameTaken { .. }
        | OperationError::WrongSecretKey
        | OperationError::LaneUnready { .. }
        | OperationError::OutOfScope { .. }
        | OperationError::KeyReused
        | OperationError::Changed { .. }
        | OperationError::Raced
        | OperationError::Overloaded
        | OperationError::Internal(_)
        | OperationError::Db(_) => {}
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        debug_assert!(
            error_codes::find(self.code).is_some_and(|row| row.status.contains(&self.status.as_u16())),
            "{} with {} is not in error_codes.rs",
            self.code,
            self.status
        );
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if let Some(hint) = self.hint {
            body["hint"] = hint.into();
        }
        if !self.fields.is_empty() {
            body["errors"] = json!(self.fields);
        }
        for (name, value) in &self.more {
            body[*name] = value.clone();
        }
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header((CONTENT_TYPE, PROBLEM_JSON));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            answer.insert_header((RETRY_AFTER, self.wait_seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header(("WWW-Authenticate", "Bearer"));
        }
        answer.body(body.to_string())
    }
}

pub async fn unknown_route(request: HttpRequest) -> Answer {
    // Of no path: `*`, or where a tunnel is to lead.
    let asked = Some(request.path()).filter(|path| path.starts_with('/')).map(str::to_owned);
    Err(no_route(request.method(), &asked.unwrap_or_else(|| request.uri().to_string())))
}

fn no_route(method: &Method, path: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_route", format!("there is no {method} {path}"))
}

/// What fails before a handler has its say (a wrong method, a path that cannot be read) is told like all else.
pub async fn every_error_is_a_problem(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path().to_owned();
    let answer = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(answer) => answer?.map_into_boxed_body(),
        Err(panic) => {
            // Without an answer the client would see nothing but a connection that was closed.
            let broke = format!("answering {path} panicked: {}", panic_text(&*panic));
            return Err(Problem::from(OperationError::Internal(Broken::Said(broke))).into());
        }
    };
    let status = answer.status();
    let is_told = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if is_told || !(status.is_client_error() || status.is_server_error()) {
        return Ok(answer);
    }
    let allow = answer.headers().get(ALLOW).cloned();
    let (method, path) = (answer.request().method(), answer.request().path());
    let problem = match (status, &allow) {
        (StatusCode::METHOD_NOT_ALLOWED, Some(allow)) => {
            let allowed = allow.to_str().unwrap_or_default();
            Problem::new(status, "wrong_method", format!("{path} takes {allowed}, not {method}"))
        }
        (StatusCode::NOT_FOUND, _) => no_route(method, path),
        _ => Problem::new(status, "bad_request", "the request could not be read"),
    };
    let mut told = problem.error_response();
    if let Some(allow) = allow {
        told.headers_mut().insert(ALLOW, allow);
    }
    Ok(answer.into_response(told))
}
