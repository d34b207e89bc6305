//! Scenario 3, the urgent first: priority 1 overtakes whatever else is due.
//!
//! Run it with `cargo run --example urgent_first`.

use contenthub::{Addition, App, CreateAccount, CreateContent, CreateTask, Priority};
use std::error::Error;

/// In the order in which they are added. 1 to 3 is urgent, 4 to 6 usual, 7 to 10 can wait.
const POSTS: [(&str, i32); 4] =
    [("A recipe", 9), ("The weekly letter", 5), ("Breaking news", 1), ("A correction", 2)];

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let app = App::open_in(dir.path())?;
    // One post at a time, so that the order shows. Otherwise up to 64 of an account are on their way at once.
    app.create_account(CreateAccount { concurrency: Some(1), ..CreateAccount::new("my site", "folder") })?;

    // No time means now.
    let mut titles = Vec::new();
    for (title, priority) in POSTS {
        let content = app.create_content(CreateContent::new(title, "…"))?;
        let priority = Priority::try_from(priority)?;
        let entry = app.add_to_pool(Addition { priority, ..Addition::of(content.id) })?;
        println!("entry {}, priority {priority:>2}: {title}", entry.id);
        titles.push((entry.id, title));
    }

    // Runs the task now, in this process, and gives its report. The results stand in the order in which they ended.
    let task = app.create_task(CreateTask::every("auto publish", 600))?;
    let report = app.run_task(task.id)?;
    println!("{} in {:.3} s", report.message, report.duration);
    let mut order = Vec::new();
    for result in &report.data.results {
        let title = titles.iter().find(|(id, _)| *id == result.pool_id).map_or("?", |(_, title)| title);
        println!("{}: {title}", result.status);
        order.push(title);
    }
    assert_eq!(order, ["Breaking news", "A correction", "The weekly letter", "A recipe"]);
    Ok(())
}
