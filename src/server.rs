//! `contenthub serve`: a node with its HTTP server, from the first socket to the last outcome written.

use crate::actors::event_tail::EventTail;
use crate::actors::shared_reads::SharedReads;
use crate::actors::shutdown::Ending;
use crate::actors::token_uses::TokenUses;
use crate::actors::{old_texts, pool_counts};
use crate::api::wrong_tokens::WrongTokens;
use crate::api::{self, Api, Rates};
use crate::app::App;
use crate::db::connection::DbError;
use crate::db::database_url::DatabaseUrl;
use crate::db::node_locks::ServerLock;
use crate::listening::{self, Tls, TlsError};
use crate::operations::cycle::ClaimScope;
use crate::platforms::folder;
use crate::signals::{Hangup, Stop, StopSignal};
use crate::words::{Language, Sentence, message};
use actix_web::{App as WebApp, web};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the server broke: {0}")]
    Io(#[from] std::io::Error),
    #[error(
        "the database did not take what became of {0} posts that were on the wire (is the disk full?): the next start finds \
         it out"
    )]
    Unwritten(usize),
    #[error("a second {0}: ended at once; what was on the wire is found out by the next start")]
    EndedAtOnce(StopSignal),
}

/// Serves until SIGTERM or Ctrl-C. `ready` is told the address as soon as requests are answered.
pub fn serve(app: &App, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    // Before anybody is told that it runs: whoever is told may stop it at once.
    serve_until(Stop::listen()?, app, ready)
}

/// The same until a signal that may have come already. A second one ends it at once: nothing is written then, and the
/// next start recovers what was on the wire as after a crash.
pub fn serve_until(stop: Stop, app: &App, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let Stop { system, mut signals } = stop;
    let address = app.settings().listen;
    let only_server = match &app.settings().database {
        DatabaseUrl::Sqlite(path) => Some(ServerLock::take(path)?),
        DatabaseUrl::Postgres(_) => None,
    };
    let listener = TcpListener::bind(address).map_err(|source| ServeError::Listen { address, source })?;
    let address = listener.local_addr()?;
    let reached = &app.settings().server;
    let tls = reached.tls.as_ref().map(Tls::load).transpose()?.map(Arc::new);
    if listening::is_exposed(address, reached) {
        warn(&Sentence::new(message("serve-unencrypted")).with("address", address.to_string()));
    }
    let grace = Duration::from_secs(app.settings().grace_seconds);
    let ended = system.block_on(async {
        let node = app.start_node(ClaimScope::Everything).await?;
        let sites = app.settings().data_dir.join("sites");
        let healed = sites.clone();
        let healing = actix_rt::task::spawn_blocking(move || folder::heal(&healed));
        let token_uses = TokenUses::default();
        token_uses.write_now_and_then(node.db.clone(), app.clock().clone());
        actix_rt::spawn(old_texts::read_all(node.db.clone(), app.clock().clone()));
        actix_rt::spawn(pool_counts::keep(node.db.clone(), app.clock().clone()));
        let api = web::Data::new(Api {
            db: node.db.clone(),
            lists: SharedReads::new(node.db.clone()),
            tokens: SharedReads::new(node.db.clone()),
            events: SharedReads::new(node.db.clone()),
            event_tail: EventTail::new(node.db.clone(), app.clock().clone()),
            token_uses: token_uses.clone(),
            wrong_tokens: Arc::new(WrongTokens::new(app.settings().wrong_tokens_per_minute)),
            crew: node.crew.clone(),
            cx: app.context().clone(),
            clock: app.clock().clone(),
            sites,
            body_max_bytes: app.settings().body_max_bytes,
            server: reached.clone(),
            rates: Rates::new(reached.limits.requests_per_minute),
        });
        let app_of_a_thread = move || {
            WebApp::new().service(api::routes(api.clone())).default_service(api::elsewhere(api.clone()))
        };
        let server = listening::serve(listener, &reached.limits, tls.clone(), app_of_a_thread)?;
        if let Some(tls) = tls {
            actix_rt::spawn(reload_when_asked(tls, Hangup::listen()?));
        }
        let handle = server.handle();
        let mut running = actix_rt::spawn(server);
        ready(address);
        let broke = tokio::select! {
            signal = signals.next() => {
                log::info!("{signal}: nothing new is sent; what is on the wire has {} s", grace.as_secs());
                false
            }
            // It does not end by itself. Whoever watches this process may start it again.
            _ = &mut running => true,
        };
        let db = node.db.clone();
        let mut stopping = Box::pin(async move {
            let ending = node.stop(grace).await;
            if ending == Ending::CutOff {
                log::warn!("something had no answer when the grace was over; the next start looks after it");
            }
            if broke {
                return Err(ServeError::Io(std::io::Error::other("the HTTP server ended by itself")));
            }
            handle.stop(true).await;
            running.await.map_err(std::io::Error::other)??;
            let last = tokio::time::timeout(
                Duration::from_secs(listening::LAST_ANSWERS_SECONDS),
                token_uses.write(&db),
            );
            if last.await.is_err() {
                log::warn!("when tokens were last used could not be written any more");
            }
            if let Err(error) = healing.await {
                log::warn!("the sites could not be healed: {error}");
            }
            if let Ending::Unwritten(count) = ending {
                return Err(ServeError::Unwritten(count));
            }
            Ok(())
        });
        tokio::select! {
            stopped = &mut stopping => stopped,
            signal = signals.next() => {
                // To the very end of the process this node is alive: its locks go when the kernel takes them.
                std::mem::forget(stopping);
                Err(ServeError::EndedAtOnce(signal))
            }
        }
    });
    if matches!(ended, Err(ServeError::EndedAtOnce(_))) {
        // Nobody waits for what still runs on its threads.
        std::mem::forget((system, only_server));
    }
    ended
}

/// Once, whatever the log is told to keep to itself; the log is English.
fn warn(warning: &Sentence) {
    if log::log_enabled!(log::Level::Warn) {
        log::warn!("{}", warning.say(Language::En));
    } else {
        let language = Language::of_environment(|name| std::env::var(name).ok());
        let said = Sentence::new(message("warning")).with("what", warning.say(language));
        eprintln!("{}", said.say(language));
    }
}

/// For as long as the server runs.
async fn reload_when_asked(tls: Arc<Tls>, mut hangup: Hangup) {
    while hangup.next().await {
        match tls.reload() {
            Ok(()) => log::info!("SIGHUP: new connections get the certificate that is in tls_cert now"),
            Err(error) => log::error!("SIGHUP: the certificate stays as it was: {error}"),
        }
    }
}
