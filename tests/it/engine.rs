//! The engine end to end, in one process: pool, scheduler, executor, publishers.

use crate::support::on_both;
use contenthub::actors::shutdown::Ending;
use contenthub::actors::system_clock::SystemClock;
use contenthub::db::contents::Text;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::entries::EntryRow;
use contenthub::db::migrations::migrate;
use contenthub::domain::entry::EntryStatus;
use contenthub::domain::ids::EntryId;
use contenthub::node::{Node, NodeSettings};
use contenthub::operations::Context;
use contenthub::operations::account::CreateAccount;
use contenthub::operations::content::CreateContent;
use contenthub::operations::cycle::ClaimScope;
use contenthub::operations::pool::{AddToPool, Addition, GetEntry};
use contenthub::operations::task::MakeFirstTask;
use contenthub::platforms::registry::Registry;
use contenthub::secrets::SecretKey;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn start(url: &DatabaseUrl, dir: &Path) -> Node {
    migrate(url).expect("migrated");
    let key = SecretKey::parse(&"ab".repeat(32)).expect("a key");
    let cx = Arc::new(Context::new(
        Registry::builtin(&dir.join("sites")),
        key,
        contenthub::tasks::builtin(),
        false,
        chrono_tz::UTC,
    ));
    let settings = NodeSettings {
        data_dir: dir.to_owned(),
        database: url.clone(),
        slots: 8,
        lease: Duration::from_secs(60),
        scope: ClaimScope::Everything,
    };
    Node::start(settings, cx, Arc::new(SystemClock::new())).await.expect("started")
}

fn text(title: &str) -> Text {
    Text {
        title: title.to_owned(),
        body: "# x".to_owned(),
        digest: None,
        author: None,
        cover: None,
        tags: vec![],
        source_url: None,
    }
}

/// The entry, once it is no longer waiting or on the wire.
async fn ended(node: &Node, entry: EntryId) -> EntryRow {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let row = node.db.perform(GetEntry(entry)).await.expect("an entry");
        if !matches!(row.status, EntryStatus::Pending | EntryStatus::Publishing) {
            return row;
        }
        assert!(Instant::now() < deadline, "still {row:?}");
        actix_rt::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn a_due_entry_is_published_by_itself() {
    on_both(|url, dir| {
        actix_rt::System::new().block_on(async {
            let node = start(url, dir).await;
            node.db.perform(MakeFirstTask).await.expect("made");
            let account = node.db.perform(CreateAccount::new("blog", "folder")).await.expect("an account");
            let create = CreateContent { text: text("Hi"), account: Some(account.id) };
            let content = node.db.perform(create).await.expect("a content");
            let entry = node.db.perform(AddToPool(Addition::of(content.id))).await.expect("an entry");
            let row = ended(&node, entry.row.id).await;
            assert_eq!((row.status, row.attempt, row.unproven), (EntryStatus::Published, 1, false));
            let key = row.media_id.expect("a media id");
            assert!(dir.join("sites/site").join(format!("{key}.html")).exists());
            assert_eq!(node.stop(Duration::from_secs(5)).await, Ending::Whole, "nothing is left on the wire");
        });
    });
}
