//! `contenthub serve`: a node with its HTTP server, from the first socket to the last outcome written.

use crate::actors::shared_reads::SharedReads;
use crate::api::{self, Api};
use crate::app::App;
use crate::db::connection::DbError;
use crate::db::database_url::DatabaseUrl;
use crate::db::node_locks::ServerLock;
use crate::operations::cycle::ClaimScope;
use crate::platforms::folder;
use actix_rt::SystemRunner;
use actix_web::{App as WebApp, HttpServer, web};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the server broke: {0}")]
    Io(#[from] std::io::Error),
}

/// Serves until SIGTERM or Ctrl-C. `ready` is told the address as soon as requests are answered.
pub fn serve(app: &App, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    // Before anybody is told that it runs: whoever is told may stop it at once.
    serve_until(Stop::listen()?, app, ready)
}

/// The same until a signal that may have come already.
pub fn serve_until(stop: Stop, app: &App, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let Stop { system, mut signals } = stop;
    let address = app.settings().listen;
    let _only_server = match &app.settings().database {
        DatabaseUrl::Sqlite(path) => Some(ServerLock::take(path)?),
        DatabaseUrl::Postgres(_) => None,
    };
    let listener = TcpListener::bind(address).map_err(|source| ServeError::Listen { address, source })?;
    let address = listener.local_addr()?;
    let grace = Duration::from_secs(app.settings().grace_seconds);
    system.block_on(async {
        let node = app.start_node(ClaimScope::Everything).await?;
        let sites = app.settings().data_dir.join("sites");
        let healed = sites.clone();
        let healing = actix_rt::task::spawn_blocking(move || folder::heal(&healed));
        let api = web::Data::new(Api {
            db: node.db.clone(),
            lists: SharedReads::new(node.db.clone()),
            tokens: SharedReads::new(node.db.clone()),
            crew: node.crew.clone(),
            cx: app.context().clone(),
            clock: app.clock().clone(),
            sites,
            body_max_bytes: app.settings().body_max_bytes,
        });
        let server = HttpServer::new(move || WebApp::new().service(api::routes(api.clone())))
            .workers(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
            .disable_signals()
            .shutdown_timeout(5)
            .listen(listener)?
            .run();
        let handle = server.handle();
        let running = actix_rt::spawn(server);
        ready(address);
        signals.first().await;
        log::info!("stopping: nothing new is sent; what is on the wire has {} s", grace.as_secs());
        if !node.stop(grace).await {
            log::warn!("something was still on the wire; the next start finds out what became of it");
        }
        handle.stop(true).await;
        running.await.map_err(std::io::Error::other)??;
        healing.await.map_err(std::io::Error::other)?;
        Ok(())
    })
}

/// SIGTERM and Ctrl-C, heard from the moment that this is made: neither ends the process by itself any more.
pub struct Stop {
    system: SystemRunner,
    signals: StopSignals,
}

impl Stop {
    pub fn listen() -> std::io::Result<Self> {
        let system = actix_rt::System::new();
        let signals = system.block_on(async { StopSignals::listen() })?;
        Ok(Stop { system, signals })
    }
}

struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn first(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
