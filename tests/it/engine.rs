//! The engine end to end, in one process: pool, scheduler, executor, publishers, on SQLite.

use contenthub::actors::system_clock::SystemClock;
use contenthub::db::contents::Text;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::migrations::migrate;
use contenthub::domain::entry::EntryStatus;
use contenthub::node::{Node, NodeSettings};
use contenthub::operations::account::CreateAccount;
use contenthub::operations::content::CreateContent;
use contenthub::operations::cycle::ClaimScope;
use contenthub::operations::pool::{AddToPool, Addition, GetEntry};
use contenthub::operations::task::MakeFirstTask;
use contenthub::operations::Context;
use contenthub::platforms::registry::Registry;
use contenthub::secrets::SecretKey;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_due_entry_is_published_by_itself() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = std::env::var("TEST_URL").map(|u| u.parse().unwrap()).unwrap_or_else(|_| DatabaseUrl::in_data_dir(dir.path()));
    migrate(&url).expect("migrated");
    actix_rt::System::new().block_on(async {
        let key = SecretKey::parse(&"ab".repeat(32)).expect("a key");
        let registry = Registry::builtin(&dir.path().join("sites"));
        let cx = Arc::new(Context::new(registry, key, false, chrono_tz::UTC));
        let settings = NodeSettings { database: url, slots: 8, lease: Duration::from_secs(60), scope: ClaimScope::Everything };
        let node = Node::start(settings, cx, Arc::new(SystemClock::new())).await.expect("started");
        node.db.perform(MakeFirstTask).await.expect("made");
        let account = node.db.perform(CreateAccount::new("blog", "folder")).await.expect("account");
        let text = Text { title: "Hi".into(), body: "# x".into(), digest: None, author: None, cover: None, tags: vec![], source_url: None };
        let content = node.db.perform(CreateContent { text, account: Some(account.id) }).await.expect("content");
        let entry = node.db.perform(AddToPool(Addition::of(content.id))).await.expect("entry");
        for _ in 0..500 {
            let now = node.db.perform(GetEntry(entry.id)).await.expect("entry");
            if now.status == EntryStatus::Published { 
                println!("{now:?}");
                assert!(node.stop(Duration::from_secs(2)).await); return; }
            actix_rt::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not published: {:?}", node.db.perform(GetEntry(entry.id)).await);
    });
}
