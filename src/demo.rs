//! `serve --demo`: something to look at within a minute, in a directory that goes when it ends.

use crate::app::{App, OpenError};
use crate::config::Settings;
use crate::db::contents::Text;
use crate::db::database_url::DatabaseUrl;
use crate::domain::priority::Priority;
use crate::domain::role::Role;
use crate::operations::OperationError;
use crate::operations::account::CreateAccount;
use crate::operations::content::CreateContent;
use crate::operations::pool::{AddToPool, Addition};
use crate::operations::token::CreateToken;
use crate::secrets;
use crate::server::{self, ServeError};
use crate::signals::Stop;
use crate::words::{Language, Message, Sentence, message};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the demo ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("a throw-away directory cannot be made: {0}")]
    Directory(#[source] std::io::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Title, body, priority, seconds from the start.
const POSTS: [(&str, &str, i32, u64); 6] = [
    (
        "Hello from ContentHub",
        "This post was **due at once**. It went through the publish pool, the scheduler, the executor and a \
         publisher, and ended here, once.\n\n- entries wait in a pool\n- tasks tick\n- publishers publish\n",
        5,
        0,
    ),
    (
        "你好，世界",
        "这是一篇示例文章。它在发布池中等待，到期后由执行器按优先级取出，并**恰好发布一次**。\n",
        1,
        3,
    ),
    (
        "Priorities: the urgent one first",
        "This one and the next fall due at the same moment. This has priority **1**, so it goes first.\n",
        1,
        15,
    ),
    ("Priorities: the patient one second", "Priority **9**: it lets others go first.\n", 9, 15),
    (
        "定时发布",
        "这篇文章定时在启动后三十秒发布。\n\n| 优先级 | 含义 |\n|---|---|\n| 1–3 | 紧急 |\n| 4–6 | 普通 |\n| 7–10 | 可延迟 |\n",
        4,
        30,
    ),
    ("The last one", "After this one the pool is empty. Add your own with the `curl` line above.\n", 5, 50),
];

/// A directory that goes when this value does.
struct ThrowAway(PathBuf);

impl ThrowAway {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("contenthub-demo-{}", secrets::random_hex(6)));
        std::fs::create_dir(&path)?;
        Ok(ThrowAway(path))
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            log::warn!("{} could not be removed: {error}", self.0.display());
        }
    }
}

/// Runs until Ctrl-C. Its first lines are in this language.
pub fn run(settings: Settings, language: Language) -> Result<(), DemoError> {
    // Before there is a directory, which nobody would take away if the signal ended the process.
    let stop = Stop::listen().map_err(ServeError::from)?;
    let directory = ThrowAway::new().map_err(DemoError::Directory)?;
    let app = App::open(in_directory(settings, &directory.0))?;
    let token = fill(&app)?;
    let scheme = if app.settings().server.tls.is_some() { "https" } else { "http" };
    server::serve_until(stop, &app, |address| explain(&format!("{scheme}://{address}"), &token, language))?;
    Ok(())
}

fn in_directory(settings: Settings, directory: &Path) -> Settings {
    Settings { data_dir: directory.to_owned(), database: DatabaseUrl::in_data_dir(directory), ..settings }
}

/// Makes account, posts, entries and a token, which it gives back.
fn fill(app: &App) -> Result<String, DemoError> {
    let account = app.change(CreateAccount {
        settings: json!({"site": "site", "title": "ContentHub demo"}),
        ..CreateAccount::new("demo site", "folder")
    })?;
    let now = app.clock().now();
    for (title, body, priority, seconds) in POSTS {
        let text = Text {
            title: title.to_owned(),
            body: body.to_owned(),
            digest: None,
            author: Some("ContentHub".to_owned()),
            cover: None,
            tags: vec!["demo".to_owned()],
            source_url: None,
        };
        let content = app.change(CreateContent { text, account: Some(account.id) })?;
        app.change(AddToPool(Addition {
            priority: Priority::try_from(priority).unwrap_or_default(),
            scheduled_at: Some(now + Duration::from_secs(seconds)),
            ..Addition::of(content.id)
        }))?;
    }
    Ok(app.change(CreateToken::new("demo", Role::Admin))?.1)
}

fn explain(at: &str, token: &str, language: Language) {
    let say = |id: Message| language.say(id, &[]);
    let listening = Sentence::new(message("serve-listening")).with("at", at).say(language);
    let (site, its_token, try_it, end) = (
        say(message("demo-site")),
        say(message("demo-token")),
        say(message("demo-try")),
        say(message("demo-end")),
    );
    let (mine, hello) = (say(message("demo-mine")), say(message("demo-hello")));
    println!(
        "{listening}\n\n\
         {site}   {at}/demo/site/\n\
         {its_token}  {token}\n\n\
         {try_it}\n\
         \x20 T={token}\n\
         \x20 curl -H \"Authorization: Bearer $T\" {at}/api/v1/publish-pool/list\n\
         \x20 curl -H \"Authorization: Bearer $T\" {at}/api/v1/publish-pool/stats\n\
         \x20 curl -H \"Authorization: Bearer $T\" -d '{{\"title\":\"{mine}\",\"body\":\"{hello}\"}}' {at}/api/v1/contents\n\
         \x20 curl -H \"Authorization: Bearer $T\" -d '{{\"content_id\":7,\"priority\":1}}' {at}/api/v1/publish-pool/add\n\n\
         {end}\n"
    );
}
