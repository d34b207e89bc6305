//! Scenario 2, off-peak publishing: write by day, publish at two at night.
//!
//! Run it with `cargo run --example off_peak`.

use chrono::{Days, Timelike};
use chrono_tz::{Asia, Tz};
use contenthub::{Addition, App, CreateAccount, CreateContent, CreateTask, EntryStatus, Settings, Timestamp};
use std::error::Error;
use std::time::Duration;

const ZONE: Tz = Asia::Shanghai;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    // Times without an offset are read in this zone.
    let app = App::open(Settings { timezone: ZONE, ..Settings::in_dir(dir.path())? })?;
    app.create_account(CreateAccount::new("my site", "folder"))?;

    let night = next_two_o_clock(&app)?;
    let content = app.create_content(CreateContent::new("夜间发布", "凌晨两点见。"))?;
    let entry = app.add_to_pool(Addition { scheduled_at: Some(night), ..Addition::of(content.id) })?;
    println!("entry {} is due at {}", entry.id, entry.due_at);

    // Whoever publishes what is due now leaves it alone, and the entry says what it waits for.
    let task = app.create_task(CreateTask::every("auto publish", 600))?;
    let report = app.run_task(task.id)?;
    let entry = app.entry(entry.id)?;
    let waits_for = entry.waiting_for.unwrap_or_default();
    println!("{}; entry {} waits for {waits_for}", report.message, entry.id);
    assert_eq!((report.data.total_count, entry.status), (0, EntryStatus::Pending));

    // So that you need not stay up: one more whose hour comes in a second. The task `publish when due`, which every
    // database has from the start, sends it at that instant, and never before.
    let soon = app.now() + Duration::from_secs(1);
    let content = app.create_content(CreateContent::new("Any moment", "Now."))?;
    let quick = app.add_to_pool(Addition { scheduled_at: Some(soon), ..Addition::of(content.id) })?;
    let node = app.start()?;
    app.wait_for(Duration::from_secs(20), |app| Ok(app.entry(quick.id)?.status == EntryStatus::Published))?;
    node.stop();

    let quick = app.entry(quick.id)?;
    let published_at = quick.published_at.ok_or("it was not published in time")?;
    println!("entry {} was due at {soon}, and was published at {published_at}", quick.id);
    assert!(published_at >= soon, "it went out too early");
    assert_eq!(app.entry(entry.id)?.status, EntryStatus::Pending, "the other one still waits for the night");
    Ok(())
}

/// The next time that it is two at night. (Today's 02:00 may be over: a time in the past would mean "now".)
fn next_two_o_clock(app: &App) -> Result<Timestamp, Box<dyn Error>> {
    let local = app.now().to_utc().with_timezone(&ZONE);
    let days = if local.hour() < 2 { 0 } else { 1 };
    let date = local.date_naive() + Days::new(days);
    Ok(app.time(&format!("{date} 02:00:00"))?)
}
