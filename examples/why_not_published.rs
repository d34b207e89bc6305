//! Why was it not published? What to look at, in which order: the entry, its account, the publish log.
//!
//! Run it with `cargo run --example why_not_published`.

use contenthub::operations::account::{ResumeAccount, SuspendAccount};
use contenthub::operations::entry::RetryEntry;
use contenthub::{
    Addition, App, CreateAccount, CreateContent, CreateTask, EntryFilter, EntryStatus, LogFilter, Paging,
};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let app = App::open_in(dir.path())?;
    let site = app.create_account(CreateAccount::new("my site", "folder"))?;
    let task = app.create_task(CreateTask::every("auto publish", 600))?;
    let content = app.create_content(CreateContent::new("Hello", "# Hello"))?;

    // 1. Is the content in the pool, pending, and due? An entry that could go out says what it waits for.
    app.run(SuspendAccount { id: site.id, reason: "holidays".to_owned(), until: None })?;
    app.add_to_pool(Addition { max_retries: 0, ..Addition::of(content.id) })?;
    let of_content = EntryFilter { content: Some(content.id), ..EntryFilter::default() };
    let entry = app.entries(of_content, Paging::default())?.items.pop().ok_or("it is not in the pool")?;
    let waits_for = entry.waiting_for.as_deref().unwrap_or("nothing");
    println!("entry {}: {}, due at {}, waits for: {waits_for}", entry.id, entry.status, entry.due_at);
    let report = app.run_task(task.id)?;
    for lane in &report.data.skipped {
        println!("{} skipped on account {}: {}", lane.count, lane.account_id, lane.reason);
    }
    assert_eq!(report.data.skipped_count, 1);
    app.run(ResumeAccount(site.id))?;

    // 2. Did it fail? Without retries left it stays failed, and its entry and the log say why. Here a file stands
    //    where the site's folder would be.
    let sites = dir.path().join("sites");
    std::fs::create_dir_all(&sites)?;
    std::fs::write(sites.join("site"), "in the way")?;
    let report = app.run_task(task.id)?;
    println!("{}", report.message);
    let entry = app.entry(entry.id)?;
    println!("entry {}: {}, tried {} of {}", entry.id, entry.status, entry.attempt, 1 + entry.max_retries);
    let log =
        app.publish_log(LogFilter { entry: Some(entry.id), ..LogFilter::default() }, Paging::default())?;
    for row in &log.items {
        println!("attempt {}: {}: {}", row.attempt, row.status, row.error_message.as_deref().unwrap_or("-"));
    }
    assert_eq!(log.total, 1);

    // 3. Mend it, and ask for another try.
    std::fs::remove_file(sites.join("site"))?;
    assert_eq!(entry.status, EntryStatus::Failed, "{entry:?}");
    app.run(RetryEntry { id: entry.id, by: "example".to_owned() })?;
    let report = app.run_task(task.id)?;
    println!("{}", report.message);
    assert_eq!(app.entry(entry.id)?.status, EntryStatus::Published);
    Ok(())
}
