//! The bench's receiver, in a process of its own: counts what arrives, and when.

use crate::actors::system_clock::SystemClock;
use crate::domain::clock::{Clock, Timestamp};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use parking_lot::Mutex;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// The hidden command that is the sink.
pub const COMMAND: &str = "bench-sink";

/// Where it never answers, beside where it does.
const HANGING: &str = "/hanging";

/// The other process, as the bench sees it.
pub struct Sink {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    url: String,
}

impl Sink {
    /// Starts this program once more, as a sink on a free port of loopback.
    pub fn start() -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or_else(|| io::Error::other("the sink has no output"))?;
        let mut out = BufReader::new(out);
        let mut url = String::new();
        out.read_line(&mut url)?;
        Ok(Sink { child, out, url: url.trim().to_owned() })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Accepts whatever is sent there, and never answers.
    pub fn hanging_url(&self) -> String {
        format!("{}{HANGING}", self.url)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it: what arrived, in order, as webhook id and instant.
    pub fn stop(mut self) -> io::Result<Vec<(String, Timestamp)>> {
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.out.read_to_string(&mut text)?;
        self.child.wait()?;
        let arrival = |line: &str| {
            let (key, micros) = line.split_once(' ')?;
            Some((key.to_owned(), Timestamp::from_micros(micros.parse().ok()?)))
        };
        Ok(text.lines().filter_map(arrival).collect())
    }
}

type Arrivals = Arc<Mutex<Vec<(String, i64)>>>;

/// Is the sink, until its input closes: then it writes what arrived.
pub fn run() -> io::Result<()> {
    let arrivals: Arrivals = Arc::default();
    let counted = arrivals.clone();
    actix_rt::System::new().block_on(async move {
        let clock = Arc::new(SystemClock::new());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(counted.clone()))
                .app_data(web::Data::new(clock.clone()))
                .app_data(web::PayloadConfig::new(16 << 20))
                .route(&format!("/hook{HANGING}"), web::post().to(std::future::pending::<HttpResponse>))
                .default_service(web::to(arrive))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))?;
        let address = server.addrs().first().copied().ok_or_else(|| io::Error::other("no address"))?;
        println!("http://{address}/hook");
        io::stdout().flush()?;
        let server = server.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        let closed = actix_rt::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
        closed.await.map_err(io::Error::other)??;
        handle.stop(false).await;
        io::Result::Ok(())
    })?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (key, micros) in arrivals.lock().iter() {
        writeln!(out, "{key} {micros}")?;
    }
    out.flush()
}

async fn arrive(
    request: HttpRequest,
    arrivals: web::Data<Arrivals>,
    clock: web::Data<Arc<SystemClock>>,
    body: web::Bytes,
) -> HttpResponse {
    let key = request.headers().get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or("");
    if body.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    arrivals.lock().push((key.to_owned(), clock.now().micros()));
    HttpResponse::Ok().finish()
}
