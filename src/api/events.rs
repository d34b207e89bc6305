//! `/events`: what happens, as it happens (server-sent events), from the rows that were written with it.

use super::Api;
use super::problem::{Answer, Problem};
use super::query::Query;
use super::reading::Reading;
use super::roles::{Caller, Concern};
use super::routes::{Routes, Takes};
use crate::actors::event_tail::LOOKS_APART;
use crate::domain::event::{Place, Types};
use crate::domain::ids::AccountId;
use crate::domain::role::Role;
use crate::operations::OperationError;
use crate::operations::events::ReadEvents;
use crate::operations::token::Recognise;
use crate::views::{EventView, told};
use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, web};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::future::{Ready, ready};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

const LAST_EVENT_ID: &str = "Last-Event-ID";
/// When nothing happens, a sign of life is sent, so that proxies and clients know that the other end is there.
const QUIET_MAX: Duration = Duration::from_secs(15);
/// How often it is looked whether the token is good still.
const TOKEN_LOOKS_APART: Duration = Duration::from_secs(1);
/// What a client waits before it comes again, in milliseconds.
const RETRY_MS: u32 = 2000;

pub fn routes(routes: &mut Routes) {
    routes.group("Events");
    routes
        .route((Method::GET, "/events"), (Role::Viewer, Concern::Own), listen, "Hear what happens")
        .about(
            "A stream of server-sent events, each with an `id`, its `event` and JSON as its `data`. A client that comes again \
             with the last `id` in `Last-Event-ID` misses none; each is told at least once. They are kept for a week at least, \
             unless the log is pruned sooner.",
        )
        .text("text/event-stream")
        .refuses(&["unknown_event_id", "overloaded"]);
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EventsQuery")]
struct EventsQuery {
    /// About this account alone.
    account_id: Option<AccountId>,
    /// With commas between them; `attempt` is all that begin with `attempt.`. Without it, all.
    types: Option<String>,
    /// As `Last-Event-ID`, which goes before it; `0` is the oldest that is kept. Without both, from now on.
    after: Option<String>,
    /// `false`: what there is, and no more. Without it, `true`.
    follow: Option<bool>,
}

/// The header, and the token, which may be revoked while somebody listens.
struct Listener {
    last: Option<String>,
    token: String,
}

impl FromRequest for Listener {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").trim());
        let authorization = text(header::AUTHORIZATION.as_str()).unwrap_or_default();
        let token =
            authorization.split_once(' ').map(|(_, token)| token.trim()).unwrap_or_default().to_owned();
        let last = text(LAST_EVENT_ID).filter(|last| !last.is_empty()).map(str::to_owned);
        ready(Ok(Listener { last, token }))
    }
}

impl Takes for Listener {
    fn tell(reading: &mut Reading<'_>) {
        let about = "The `id` of the last event that was heard; those that follow it are told.";
        reading.header(LAST_EVENT_ID, about, json!({"type": "string", "examples": ["12.7.3"]}));
    }
}

async fn listen(
    api: web::Data<Api>,
    caller: Caller,
    listener: Listener,
    query: Query<EventsQuery>,
) -> Answer {
    let query = query.0;
    let place = api.event_tail.listen()?;
    let (settled, newest) = api.event_tail.now().await?;
    let after = match listener.last.as_deref().or(query.after.as_deref()) {
        None => settled,
        Some(text) => {
            let heard: Place = text.parse().map_err(|error| unknown(&error))?;
            if heard.is_beyond(newest) {
                return Err(unknown(&format!("“{text}” is later than all that ever happened here")));
            }
            heard
        }
    };
    let wanted = Wanted {
        caller,
        account: query.account_id,
        types: Types::read(query.types.as_deref().unwrap_or_default()),
    };
    let now = api.clock.monotonic();
    let telling = Telling {
        token: listener.token,
        wanted,
        after,
        follow: query.follow.unwrap_or(true),
        told_at: now,
        looked_at: now,
        greeting: Some(format!("retry: {RETRY_MS}\nid: {after}\n\n")),
        api,
        _place: place,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx would keep the events to itself until it has a page full of them.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(telling, |mut telling| async {
            let text = telling.next().await?;
            Some((Ok::<_, Error>(web::Bytes::from(text)), telling))
        })))
}

fn unknown(why: &impl ToString) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "unknown_event_id", why.to_string())
        .hint("Ask without it for what happens from now on, or with after=0 for all that is kept.")
}

/// What one listener is told.
struct Wanted {
    caller: Caller,
    account: Option<AccountId>,
    types: Types,
}

impl Wanted {
    fn wants(&self, event: &EventView) -> bool {
        let is_own = match event.account_id {
            Some(account) => self.caller.scope().sees(account),
            None => self.caller.scope().accounts().is_none(),
        };
        is_own
            && self.account.is_none_or(|account| event.account_id == Some(account))
            && self.types.want(&event.kind)
    }
}

/// One who listens, and how far he was told.
struct Telling {
    api: web::Data<Api>,
    token: String,
    wanted: Wanted,
    after: Place,
    follow: bool,
    /// By the monotonic clock.
    told_at: Duration,
    looked_at: Duration,
    greeting: Option<String>,
    _place: OwnedSemaphorePermit,
}

impl Telling {
    /// What is sent next; none where the stream ends: its client comes again, and is told why if it may not.
    async fn next(&mut self) -> Option<String> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        loop {
            if self.api.crew.status().stopping || !self.may_listen().await {
                return None;
            }
            // While the database is away nothing happens that it could tell of.
            let settled = self.api.event_tail.settled().await.unwrap_or(self.after);
            if self.after.is_before(settled) {
                match self.read(settled).await {
                    Ok(text) if text.is_empty() => continue,
                    Ok(text) => return Some(self.tell(text)),
                    Err(error) => log::debug!("events could not be read: {error}"),
                }
            } else if !self.follow {
                return None;
            }
            if self.api.clock.monotonic().saturating_sub(self.told_at) >= QUIET_MAX {
                let sign = format!(": nothing new\nid: {}\n\n", self.after);
                return Some(self.tell(sign));
            }
            actix_rt::time::sleep(LOOKS_APART).await;
        }
    }

    fn tell(&mut self, text: String) -> String {
        self.told_at = self.api.clock.monotonic();
        text
    }

    /// Nobody hears more than the token lets him, from a second after it was revoked.
    async fn may_listen(&mut self) -> bool {
        let now = self.api.clock.monotonic();
        if now.saturating_sub(self.looked_at) < TOKEN_LOOKS_APART {
            return true;
        }
        self.looked_at = now;
        match self.api.tokens.ask(Recognise { token: self.token.clone() }).await {
            Ok(known) => known.as_ref().as_ref().is_some_and(|row| !row.has_expired(self.api.clock.now())),
            Err(_) => true,
        }
    }

    /// Some of what follows, up to `settled`.
    async fn read(&mut self, settled: Place) -> Result<String, OperationError> {
        let rows = self.api.events.ask(ReadEvents { after: self.after, until: settled }).await?;
        let (events, place) = told(&rows, self.after);
        // Where nothing is left of what lay between, it is heard.
        self.after = if events.is_empty() { self.after.max(settled) } else { place };
        let wanted = events.iter().filter(|event| self.wanted.wants(event));
        Ok(wanted
            .map(|event| format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.kind, json!(event)))
            .collect())
    }
}
