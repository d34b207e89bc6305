//! The real program, as a user runs it: commands with their output, and a server to be asked, stopped and killed.

use super::documented::Exchange;
use super::http_message::{Length, read_message};
use super::process::Running;
use super::secrets::{self, Tokens};
use contenthub::db::database_url::DatabaseUrl;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// How commands are run: where, with which database and settings, and for how long at most.
#[derive(Debug, Clone)]
pub struct Cli {
    dir: PathBuf,
    variables: Vec<(String, String)>,
    stdin: Vec<u8>,
    limit: Duration,
}

/// What a command that ended has left.
#[derive(Debug, Clone)]
pub struct Output {
    /// None where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    args: Vec<String>,
}

impl Cli {
    /// Runs in `dir`, which therefore holds `data` unless told otherwise, with no settings of the machine's own.
    pub fn in_dir(dir: &Path) -> Self {
        let limit = Duration::from_secs(60);
        Cli { dir: dir.to_owned(), variables: Vec::new(), stdin: Vec::new(), limit }
    }

    /// In `dir`, on this database.
    pub fn on(dir: &Path, database: &DatabaseUrl) -> Self {
        let url = match database {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        };
        Cli::in_dir(dir).env("CONTENTHUB_DATABASE_URL", &url)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.into();
        self
    }

    /// How long a command may take; it is killed then, and the test fails.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts a command that a test does something to while it runs.
    pub fn spawn(&self, args: &[&str]) -> Running {
        Running::spawn(&self.dir, &self.variables, &self.stdin, args)
    }

    /// Runs a command to its end, whatever that is.
    pub fn run(&self, args: &[&str]) -> Output {
        let mut running = self.spawn(args);
        let status = running.wait(self.limit);
        let (stdout, stderr) = (running.stdout.text(), running.stderr.text());
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let Some(status) = status else {
            panic!("contenthub {args:?} did not end within {:?}\n{stdout}\n{stderr}", self.limit);
        };
        Output { code: status.code(), stdout, stderr, args }
    }

    /// Runs a command that must succeed, and gives its stdout.
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).expect_code(0).stdout
    }

    /// Runs a command with `--output json`, which must succeed, and gives its stdout parsed.
    pub fn json(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--output", "json"]].concat()).expect_code(0).json()
    }

    /// Makes a token of this role.
    pub fn token(&self, role: &str) -> String {
        let printed = self.ok(&["token", "create", "--name", &format!("test {role}"), "--role", role]);
        let is_token = |word: &&str| word.starts_with("cht_");
        let word = printed.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').find(is_token);
        word.unwrap_or_else(|| panic!("token create printed no token: {printed}")).to_owned()
    }
}

impl Output {
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        let Output { code: ended, stdout, stderr, args } = &self;
        assert!(
            *ended == Some(code),
            "contenthub {args:?} ended with {ended:?}, not {code}\n{stdout}\n{stderr}"
        );
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("contenthub {:?}: {error} in\n{}", self.args, self.stdout))
    }
}

/// A running `contenthub serve`; killed when it is dropped.
pub struct Server {
    running: Running,
    address: SocketAddr,
    token: Option<String>,
}

/// An answer of the server.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    /// The names in lower case.
    pub headers: BTreeMap<String, String>,
    /// `null` where the body is not JSON.
    pub body: Value,
    pub text: String,
}

impl Response {
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert!(self.status == status, "answered {}, not {status}: {}", self.status, self.text);
        self
    }
}

impl Server {
    /// Starts `contenthub serve --listen 127.0.0.1:0` with these arguments added, and waits for its line with the URL.
    pub fn start(cli: &Cli, args: &[&str]) -> Self {
        let mut running = cli.spawn(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
        let address = running.stdout.wait_until(cli.limit, url_in);
        let Some(address) = address else {
            let ended = running.child.try_wait();
            running.kill();
            let (stdout, stderr) = (running.stdout.text(), running.stderr.text());
            panic!(
                "contenthub serve printed no http://127.0.0.1:PORT (ended: {ended:?})\n{stdout}\n{stderr}"
            );
        };
        Server { running, address, token: None }
    }

    /// Starts a server and gives its requests a token of the role `admin`.
    pub fn start_as_admin(cli: &Cli, args: &[&str]) -> Self {
        let mut server = Server::start(cli, args);
        server.use_token(&cli.token("admin"));
        server
    }

    /// The bearer token of all further requests.
    pub fn use_token(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bearer token of its requests.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.running.child.id()
    }

    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        self.running.stdout.text()
    }

    /// What it has printed on stdout, once this is in it.
    #[track_caller]
    pub fn printed(&self, sign: &str) -> String {
        let found = self
            .running
            .stdout
            .wait_until(Duration::from_secs(60), |text| text.contains(sign).then(|| text.to_owned()));
        found.unwrap_or_else(|| {
            panic!("contenthub serve printed no “{sign}”\n{}\n{}", self.stdout(), self.stderr())
        })
    }

    pub fn stderr(&self) -> String {
        self.running.stderr.text()
    }

    /// Asks for a whole path, such as `/api/v1/publish-pool/stats`.
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path, &[], Some(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Response {
        self.request("PATCH", path, &[], Some(body))
    }

    pub fn delete(&self, path: &str) -> Response {
        self.request("DELETE", path, &[], None)
    }

    /// Any request on a connection of its own; panics where no whole answer comes, see `try_request`.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Response {
        self.try_request(method, path, headers, body).unwrap_or_else(|error| {
            panic!("{method} {path}: {error}; the server printed\n{}\n{}", self.stdout(), self.stderr())
        })
    }

    /// The same for a server that may be down, or be killed meanwhile. Headers given here go before the token.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> std::io::Result<Response> {
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let json = [("content-type", "application/json")];
        let of_body: &[(&str, &str)] = if body.is_some() && !has_type { &json } else { &[] };
        let body = body.map(Value::to_string).unwrap_or_default();
        self.try_send(method, path, &[headers, of_body].concat(), body.as_bytes())
    }

    /// Any bytes as a body, with no header that is not given here but the token's.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| {
            panic!("{method} {path}: {error}; the server printed\n{}\n{}", self.stdout(), self.stderr())
        })
    }

    fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Response> {
        let limit = Duration::from_secs(60);
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        let has = |wanted: &str| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if let Some(token) = self.token.as_ref().filter(|_| !has("authorization")) {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));

        let mut stream = TcpStream::connect_timeout(&self.address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        stream.write_all(head.as_bytes())?;
        // A server that refuses a body may answer before it has read it all.
        let _ = stream.write_all(body);
        let answer = read_message(&mut BufReader::new(stream), Length::ToTheEnd)?
            .ok_or(std::io::ErrorKind::ConnectionReset)?;
        let status = answer.start.split(' ').nth(1).and_then(|status| status.parse().ok());
        let makes_token = method == "POST" && path.ends_with("/tokens");
        let tokens = if makes_token { Tokens::Told } else { Tokens::Never };
        let whole = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        secrets::none_in(&format!("the answer to {method} {path}"), &whole, tokens);
        let status = status.ok_or_else(|| std::io::Error::other(format!("no HTTP: {}", answer.start)))?;
        let headers = &answer.headers;
        Exchange { method, path, asked: body, status, headers, answered: &answer.body }.check();
        Ok(Response {
            status,
            headers: answer.headers,
            body: serde_json::from_slice(&answer.body).unwrap_or_default(),
            text: String::from_utf8_lossy(&answer.body).into_owned(),
        })
    }

    /// SIGKILL: a crash.
    pub fn kill(mut self) {
        self.running.kill();
    }

    /// SIGTERM, and its end: how it ended and what it printed on stderr. Panics where it does not end within `limit`.
    pub fn terminate(self, limit: Duration) -> (ExitStatus, String) {
        self.end_by("TERM", limit)
    }

    /// The same with another signal, such as `INT` for Ctrl-C.
    pub fn end_by(self, signal: &str, limit: Duration) -> (ExitStatus, String) {
        self.running.signal(signal);
        self.end(limit)
    }

    /// The end of a server that was sent a signal before.
    pub fn end(mut self, limit: Duration) -> (ExitStatus, String) {
        let Some(status) = self.running.wait(limit) else {
            panic!("contenthub serve did not end within {limit:?}\n{}", self.stderr());
        };
        (status, self.running.stderr.text())
    }

    /// Sends a signal by its name, such as `STOP` and `CONT` for a machine that sleeps.
    pub fn signal(&self, name: &str) {
        self.running.signal(name);
    }

    /// Has all its threads stand still.
    pub fn stop(&self) {
        self.running.stop();
    }
}

/// The address in what a server has printed, once the line with it is whole.
fn url_in(printed: &str) -> Option<SocketAddr> {
    let (_, rest) = printed.split_once("://127.0.0.1:")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    Some(SocketAddr::from(([127, 0, 0, 1], rest[..end].parse().ok()?)))
}
