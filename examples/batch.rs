//! Scenario 4, many at once: five contents for one moment to come, added together.
//!
//! Run it with `cargo run --example batch`.

use contenthub::{
    Addition, App, BatchAdd, ContentId, CreateAccount, CreateContent, EntryFilter, OnConflict,
    OperationError, Paging,
};
use std::error::Error;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let app = App::open_in(dir.path())?;
    app.create_account(CreateAccount::new("my site", "folder"))?;

    let mut contents = Vec::new();
    for number in 101..=105 {
        contents.push(app.create_content(CreateContent::new(format!("Part {number}"), "…"))?.id);
    }

    // In a second; five minutes would be `Duration::from_secs(300)`.
    let due = app.now() + Duration::from_secs(1);
    let addition = |content: &ContentId| Addition { scheduled_at: Some(due), ..Addition::of(*content) };
    let items: Vec<Addition> = contents.iter().map(addition).collect();

    // All or none. `App::run` takes any operation, also those that `App` has no method for.
    let batch = app.run(BatchAdd { items: items.clone(), on_conflict: OnConflict::Fail })?;
    println!("{} entries were added, due at {due}", batch.items.len());

    // What waits already is not added twice; with `OnConflict::Skip` the others would be.
    let again = app.run(BatchAdd { items, on_conflict: OnConflict::Fail });
    match again {
        Err(error @ OperationError::InBatch { .. }) => println!("once more: {error}"),
        other => return Err(format!("a second batch must be refused, not {other:?}").into()),
    }

    // The task `publish when due` sends them together when their time comes.
    let node = app.start()?;
    let done = app.wait_for(Duration::from_secs(20), |app| Ok(app.stats()?.published == 5))?;
    node.stop();
    let stats = app.stats()?;
    println!("total {}, published {}, failed {}", stats.total, stats.published, stats.failed);
    assert!(done && stats.total == 5, "{stats:?}");
    for entry in app.entries(EntryFilter::default(), Paging::default())?.items {
        let published_at = entry.published_at.ok_or("each has its time")?;
        println!("entry {} was published at {published_at}: {}", entry.id, entry.url.unwrap_or_default());
        assert!(published_at >= due, "entry {} went out too early", entry.id);
    }
    Ok(())
}
