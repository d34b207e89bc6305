//! Connections: who may have one, for how long, and in what they are wrapped. Nothing here knows a route; what goes
//! over a connection is actix's business, and the API's.

mod answers;
mod gate;
mod marks;
mod stream;
pub mod tls;
mod watched;

pub use gate::Gate;
pub use marks::{Busy, Marks};
pub use tls::{Pem, Tls, TlsError};

use crate::config::{Limits, ServerSettings};
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol, Request};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service, map_config,
};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Response};
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use stream::Stream;
use tokio::net::TcpStream;
use tokio::time::timeout;
use watched::Watched;

/// How long requests that are being answered may take when the server ends.
pub const LAST_ANSWERS_SECONDS: u64 = 2;
/// How long a client may send on what was refused already.
const REST_OF_A_REFUSED_BODY: Duration = Duration::from_secs(1);
/// How long a client may take for a TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// What to warn of: clients can come from elsewhere, and whoever is on the way reads their tokens.
pub fn is_exposed(listen: SocketAddr, settings: &ServerSettings) -> bool {
    let only_from_here = listen.ip().to_canonical().is_loopback();
    !only_from_here && settings.tls.is_none() && settings.behind_proxy.is_none()
}

/// Serves what `factory` makes, on as many threads as there are processors, until it is stopped by its handle.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    limits: &Limits,
    tls: Option<Arc<Tls>>,
    factory: F,
) -> std::io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let gate = Gate::new(limits.connections);
    let limits = limits.clone();
    let builder = ServerBuilder::default()
        .workers(std::thread::available_parallelism().map_or(1, NonZero::get))
        // The gate turns away whom there is no place for; actix would let them wait without a word.
        .max_concurrent_connections(usize::MAX >> 1)
        .disable_signals()
        .shutdown_timeout(LAST_ANSWERS_SECONDS);
    let stopping = builder.graceful_shutdown_signal();
    let server = builder.listen("http", listener, move || {
        let (gate, tls, timing, stopping) = (gate.clone(), tls.clone(), limits.clone(), stopping.clone());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KeepAlive::Timeout(limits.keep_alive))
            // Heads are timed by `Watched`, which does so for each one and not for a connection's first only.
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(REST_OF_A_REFUSED_BODY)
            .on_connect_ext(|connection: &Watched<Stream>, data| {
                data.insert(connection.marks());
            });
        let app = factory().into_factory().map_err(|error| error.into().error_response());
        let app = map_config(app, |()| AppConfig::default());
        fn_service(move |io: TcpStream| {
            let (gate, tls, timing) = (gate.clone(), tls.clone(), timing.clone());
            async move { accepted(io, &gate, tls.as_deref(), &timing).await }
        })
        .and_then(apply_fn_factory(http.finish(app), |accepted: Accepted, http| {
            let (marks, served) = (accepted.0.marks(), http.call(accepted));
            async move {
                let mut served = pin!(served);
                let ended = served.as_mut().await;
                // While the connection is still there: it goes with `served`.
                marks.end();
                ended
            }
        }))
    })?;
    Ok(server.run())
}

type Accepted = (Watched<Stream>, Protocol, Option<SocketAddr>);

async fn accepted(
    io: TcpStream,
    gate: &Arc<Gate>,
    tls: Option<&Tls>,
    limits: &Limits,
) -> Result<Accepted, DispatchError> {
    let client = io.peer_addr().ok();
    let Some(place) = gate.enter() else {
        gate.turn_away(io, tls.is_some()).await;
        return Err(DispatchError::DisconnectTimeout);
    };
    // Answers are written whole.
    io.set_nodelay(true)?;
    let stream = match tls {
        None => Stream::Plain(io),
        Some(tls) => match timeout(HANDSHAKE_MAX, tls.accept(io)).await {
            Ok(stream) => Stream::Secure(Box::new(stream?)),
            Err(_) => return Err(DispatchError::DisconnectTimeout),
        },
    };
    let marks = Rc::new(Marks::default());
    Ok((Watched::new(stream, tls.is_some(), place, marks, limits), Protocol::Http1, client))
}
