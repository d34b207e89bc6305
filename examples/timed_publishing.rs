//! Scenario 1, timed publishing: every so often, take what is due and publish it.
//!
//! Three posts wait in the pool. A task with an interval finds them; nobody triggers anything.
//! Run it with `cargo run --example timed_publishing`.

use contenthub::{Addition, App, CreateAccount, CreateContent, CreateTask, OperationError, Paging};
use std::error::Error;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    // A throw-away directory. Yours would be `App::open_in("data")`, which a server may be using at the same time.
    let dir = tempfile::tempdir()?;
    let app = App::open_in(dir.path())?;

    // The platform `folder` writes each post into a small static site. With one account, posts need not name it.
    app.create_account(CreateAccount::new("my site", "folder"))?;

    // Every database begins with the task `publish when due`, which sends each entry at its instant. Here the interval
    // alone shall do the work.
    for task in app.tasks()? {
        app.disable_task(task.id)?;
    }

    // 600 would be every ten minutes. Its first run comes one interval from now.
    let task = app.create_task(CreateTask::every("定时发布", 1))?;
    let first_run = task.next_run.ok_or("an interval has a next run")?;
    println!("task {} “{}” runs at {first_run}", task.id, task.name);

    for title in ["Monday", "Tuesday", "Wednesday"] {
        let content = app.create_content(CreateContent::new(title, format!("# {title}")))?;
        app.add_to_pool(Addition::of(content.id))?;
    }

    // A node fires tasks and publishes, in the background, until it is stopped or dropped. Each run leaves a report.
    let node = app.start()?;
    let published = |app: &App| -> Result<i64, OperationError> {
        let runs = app.executions(task.id, Paging::default())?.items;
        Ok(runs.iter().flat_map(|run| &run.report).map(|report| report.data.success_count).sum())
    };
    let done = app.wait_for(Duration::from_secs(20), |app| Ok(published(app)? == 3))?;
    println!("the node has stopped: {:?}", node.stop());

    for run in app.executions(task.id, Paging::default())?.items {
        let message = run.report.map_or("no report yet".to_owned(), |report| report.message);
        println!("run {}, started by the {}: {}: {message}", run.id, run.trigger, run.status);
    }
    assert!(done, "the task did not publish the three posts");
    assert_eq!(app.stats()?.published, 3);
    Ok(())
}
