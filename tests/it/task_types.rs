//! The kinds of tasks that every installation has, each tried as its user would.

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::Product;
use contenthub::db::connection::connect;
use contenthub::operations::restored::GuardRestored;
use contenthub::operations::task::UpdateTask;
use contenthub::{App, CreateTask, EntryStatus, ExecutionStatus, LogFilter, OperationError, Paging, TaskId};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn task_of(app: &App, kind: &str, params: Value) -> TaskId {
    let task_type = kind.to_owned();
    app.create_task(CreateTask { task_type, params, ..CreateTask::every(kind, 3600) }).expect("a task").id
}

fn wrong(app: &App, kind: &str, params: Value) -> Vec<String> {
    let task_type = kind.to_owned();
    match app.create_task(CreateTask { task_type, params: params.clone(), ..CreateTask::every("x", 60) }) {
        Err(OperationError::Invalid(fields)) => fields.iter().map(ToString::to_string).collect(),
        other => panic!("{params} gave {other:?}"),
    }
}

/// Files that were written just now are left for the next run.
fn settled(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    let written = fs::metadata(path).and_then(|file| file.modified()).expect("dated");
    let long_ago = written - Duration::from_secs(600);
    fs::File::options().write(true).open(path).and_then(|file| file.set_modified(long_ago)).expect("dated");
}

#[test]
fn a_folder_goes_out_once_and_its_changes_are_taken_over() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        account(&app, "site", "folder", json!({}));
        let posts = dir.join("posts");
        fs::create_dir(&posts).expect("a folder");
        settled(&posts.join("a.md"), "# One");
        settled(&posts.join("b.md"), "---\npriority: 99\n---\n# Bad");
        let import = task_of(&app, "import_folder", json!({"folder": posts}));
        let publish = task(&app, "publish");
        let report = report_of(&app, import);
        assert_eq!(
            (report.success, report.data.success_count, report.data.failed_count),
            (true, 1, 1),
            "{report:?}"
        );
        let details = report.data.details.expect("details");
        assert_eq!((&details["entries_added"], &details["bad"]), (&json!(1), &json!(1)), "{details:#}");
        assert!(details["files"].to_string().contains("b.md"), "{details:#}");
        assert_eq!(report_of(&app, publish).data.success_count, 1);
        settled(&posts.join("a.md"), "# One, changed");
        fs::remove_file(posts.join("b.md")).expect("removed");
        let report = report_of(&app, import);
        assert_eq!(report.data.details.expect("details")["updated"], 1);
        assert_eq!(report_of(&app, publish).message, "No pending entries to publish", "it is out already");
        let again = report_of(&app, import);
        assert_eq!(again.data.total_count, 0, "{again:?}");
        assert_eq!(entries(&app).len(), 1);
        // What a person deletes stays away.
        fs::remove_dir_all(&posts).expect("removed");
        let gone = report_of(&app, import);
        assert!(!gone.success && gone.message.contains("posts"), "{gone:?}");
        assert_eq!(runs(&app, import).last().map(|run| run.status), Some(ExecutionStatus::Failed));
        assert!(
            wrong(&app, "import_folder", json!({"folder": "posts"}))[0]
                .contains("params.folder: must be an absolute path")
        );
        assert!(wrong(&app, "import_folder", json!({}))[0].contains("params.folder: is missing"));
    });
}

/// It would do so at each run, once a second account is there.
#[test]
fn a_file_that_says_no_account_keeps_no_other_out() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        cli.ok(&["scheduler", "disable", "1"]);
        for name in ["one", "two"] {
            cli.ok(&["account", "create", name, "--platform", "folder"]);
        }
        let posts = dir.join("posts");
        fs::create_dir(&posts).expect("a folder");
        settled(&posts.join("a.md"), "---\naccount: one\n---\n# One");
        settled(&posts.join("b.md"), "# Two");
        let param = format!("folder={}", posts.display());
        let create = ["scheduler", "create", "--name", "posts", "--type", "import_folder"];
        cli.ok(&[&create[..], &["--interval", "60", "--param", &param]].concat());
        let ran = cli.run(&["scheduler", "trigger", "posts"]).expect_code(3);
        assert!(ran.stdout.contains("1 created") && ran.stdout.contains("b.md: account: "), "{}", ran.stdout);
    });
}

#[test]
fn evergreens_go_back_at_their_cadence_and_the_task_ends_itself() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        let entry_id = add(&app, "evergreen", site);
        let publish = task(&app, "publish");
        report_of(&app, publish);
        let content = entry(&app, entry_id).content_id;
        let params = json!({"content_ids": [content], "pause_days": 7, "times_max": 1});
        let recycle = task_of(&app, "recycle", params);
        let early = report_of(&app, recycle);
        assert!(early.message.starts_with("Nothing is to be put back before"), "{early:?}");
        clock.forward(8 * DAY);
        assert_eq!(report_of(&app, recycle).data.success_count, 1);
        report_of(&app, publish);
        assert_eq!(app.stats().expect("stats").published, 2);
        let tasks = app.tasks().expect("tasks");
        assert!(
            tasks.iter().any(|task| task.id == recycle && !task.enabled),
            "it was put back as often as it is to be"
        );
        for (params, says) in [
            (json!({}), "say which contents"),
            (json!({"tag": "x", "content_ids": [content]}), "does not go with content_ids"),
            (json!({"content_ids": [999]}), "there is no content 999"),
            (json!({"tag": "x", "pause_days": 0}), "params.pause_days: must be from 1 to 3660"),
            (json!({"tag": "x", "until": "soon"}), "params.until"),
        ] {
            let told = wrong(&app, "recycle", params);
            assert!(told.iter().any(|it| it.contains(says)), "{told:?}");
        }
    });
}

#[test]
fn old_history_goes_and_what_is_open_keeps_its_own() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        let out = add(&app, "out", site);
        let publish = task(&app, "publish");
        report_of(&app, publish);
        for _ in 0..3 {
            report_of(&app, publish);
        }
        // One row of the log, as old, of an entry that waits.
        let waits = add_at(&app, "waits", site, app.now() + 4000 * DAY);
        let mut conn = connect(url).expect("connected");
        conn.batch_execute(&format!(
            "INSERT INTO publish_logs (pool_id, content_id, revision, account_id, attempt, status, started_at, finished_at) \
             SELECT {waits}, content_id, 1, account_id, 7, 'failed', started_at, finished_at FROM publish_logs"
        ))
        .expect("written");
        let prune = task_of(&app, "prune", json!({}));
        assert_eq!(report_of(&app, prune).message, "Nothing is old enough to be removed");
        clock.forward(8 * DAY);
        let report = report_of(&app, prune);
        // Three runs that found nothing, and the first one of this very task.
        assert_eq!(
            report.data.details.expect("details"),
            json!({"runs": 4, "logs": 0, "idempotency_keys": 0, "media": 0, "files_without_row": 0})
        );
        assert_eq!(runs(&app, publish).len(), 1);
        clock.forward(400 * DAY);
        // A task that recycles asks the log for longer than that.
        let recycle = task_of(&app, "recycle", json!({"tag": "x", "pause_days": 500}));
        assert_eq!(report_of(&app, prune).data.details.expect("details")["logs"], 0);
        app.run(contenthub::operations::task::DeleteTask(recycle)).expect("deleted");
        let report = report_of(&app, prune);
        assert_eq!(report.data.details.expect("details")["logs"], 1);
        let left = app.publish_log(LogFilter::default(), Paging::default()).expect("the log").items;
        assert_eq!(left.iter().map(|row| row.pool_id).collect::<Vec<_>>(), [waits], "it is open");
        assert_eq!(entry(&app, out).status, EntryStatus::Published);
        let again = app.add_to_pool(contenthub::Addition {
            account: Some(site),
            ..contenthub::Addition::of(entry(&app, out).content_id)
        });
        assert!(matches!(again, Err(OperationError::AlreadyPublished { .. })), "{again:?}");
        assert!(
            wrong(&app, "prune", json!({"logs_days": 1}))[0]
                .contains("params.logs_days: must be from 7 to 36600")
        );
    });
}

#[test]
fn a_copy_each_run_and_only_the_newest_are_kept() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let folder = dir.join("copies");
        let gone = dir.join("gone");
        fs::create_dir(&gone).expect("a folder");
        let absent = task_of(&app, "backup", json!({"folder": gone}));
        fs::remove_dir(&gone).expect("removed");
        let failed = report_of(&app, absent);
        assert!(!failed.success && failed.message.contains("there is no folder"), "{failed:?}");
        // A person stops it all the same: what stays as it is is not looked at anew.
        app.disable_task(absent).expect("disabled");
        app.run(contenthub::operations::task::DeleteTask(absent)).expect("deleted");
        fs::create_dir(&folder).expect("a folder");
        let backup = task_of(&app, "backup", json!({"keep": 2, "folder": folder}));
        for _ in 0..3 {
            let report = report_of(&app, backup);
            assert!(report.success, "{report:?}");
            clock.forward(Duration::from_secs(1));
        }
        let copies = fs::read_dir(&folder).expect("there").flatten();
        let copies = copies.filter(|it| it.file_name().to_string_lossy().starts_with("contenthub-")).count();
        assert_eq!(copies, 2);
        assert!(wrong(&app, "backup", json!({"keep": 0}))[0].contains("params.keep: must be from 1 to 1000"));
        let changed = app.run(UpdateTask { params: Some(json!({"keep": 3})), ..UpdateTask::new(backup) });
        let kept: Value = serde_json::from_str(&changed.expect("changed").params).expect("JSON");
        assert_eq!(kept, json!({"keep": 3}));
    });
}

/// Not by its first run in the night.
#[test]
fn a_folder_that_no_copy_can_go_into_is_told_when_the_task_is_saved() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        fs::write(dir.join("file"), "").expect("written");
        fs::create_dir(dir.join("copies")).expect("a folder");
        let at = |name: &str| dir.join(name).display().to_string();
        let wrong = [
            (at("absent"), format!("there is no folder {}; make it, or mount its disk", at("absent"))),
            (at("file"), format!("{} is not a folder", at("file"))),
            // Where not even root writes.
            ("/proc".to_owned(), "/proc cannot be written (".to_owned()),
            ("copies".to_owned(), "must be an absolute path on the server, such as /srv/posts".to_owned()),
        ];
        let create = ["scheduler", "create", "--name", "nightly", "--type", "backup", "--interval", "3600"];
        let good = format!("folder={}", at("copies"));
        cli.ok(&[&create[..], &["--param", &good]].concat());
        assert_eq!(
            fs::read_dir(dir.join("copies")).expect("there").count(),
            0,
            "trying it out leaves nothing"
        );
        let create = ["scheduler", "create", "--name", "other", "--type", "backup", "--interval", "3600"];
        for (folder, says) in &wrong {
            let param = format!("folder={folder}");
            for args in [&create[..], &["scheduler", "update", "nightly"]] {
                let told = cli.run(&[args, &["--param", &param]].concat()).expect_code(2).stderr;
                assert!(told.contains(&format!("params.folder: {says}")), "{args:?}: {told}");
            }
        }
        let product = Product::start(url, dir);
        let id = product.get("/scheduler/tasks")["items"][1]["id"].clone();
        for (folder, says) in &wrong {
            let task = json!({"name": "other", "task_type": "backup", "schedule_type": "interval",
                "interval_seconds": 3600, "params": {"folder": folder}});
            for told in [
                product.post("/scheduler/tasks", &task, 422),
                product.patch(&format!("/scheduler/tasks/{id}"), &json!({"params": {"folder": folder}}), 422),
            ] {
                let field = &told["errors"][0];
                assert_eq!(field["field"], "params.folder", "{told}");
                assert!(field["message"].as_str().is_some_and(|it| it.starts_with(says)), "{told}");
            }
        }
        let listed = product.get("/scheduler/tasks")["items"].as_array().expect("a list").len();
        assert_eq!(listed, 2, "the first task, and the one whose folder is there");
    });
}

#[test]
fn they_are_made_and_run_from_the_command_line() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        let made = cli.json(&[
            "scheduler",
            "create",
            "--name",
            "nightly",
            "--type",
            "backup",
            "--cron",
            "0 3 * * *",
            "--param",
            "keep=14",
        ]);
        assert_eq!((&made["task_type"], &made["params"]), (&json!("backup"), &json!({"keep": 14})));
        let report = cli.json(&["scheduler", "trigger", "nightly"]);
        assert_eq!(
            (&report["success"], &report["data"]["success_count"]),
            (&json!(true), &json!(1)),
            "{report:#}"
        );
        let folder = dir.join("nowhere");
        let param = format!("folder={}", folder.display());
        cli.ok(&[
            "scheduler",
            "create",
            "--name",
            "posts",
            "--type",
            "import_folder",
            "--interval",
            "60",
            "--param",
            &param,
        ]);
        let failed = cli.run(&["scheduler", "trigger", "posts"]).expect_code(1);
        assert!(failed.stdout.contains("Failed: ") && failed.stdout.contains("nowhere"), "{}", failed.stdout);
        cli.ok(&["account", "create", "site", "--platform", "folder"]);
        cli.ok(&["account", "create", "other", "--platform", "folder"]);
        let part = ["--param", "account_ids=1,2", "--param", "max_priority=3"];
        cli.ok(&[&["scheduler", "create", "--name", "some", "--interval", "60"], &part[..]].concat());
        cli.ok(&["scheduler", "update", "some", "--param", "limit=5"]);
        let shown = cli.json(&["scheduler", "show", "some"]);
        assert_eq!(shown["params"], json!({"account_ids": [1, 2], "max_priority": 3, "limit": 5}));
        cli.ok(&["scheduler", "update", "some", "--no-params"]);
        assert_eq!(cli.json(&["scheduler", "show", "some"])["params"], json!({}));
        let wrong = cli.run(&["scheduler", "update", "some", "--param", "limit=many"]).expect_code(2);
        assert!(wrong.stderr.contains("params.limit"), "{}", wrong.stderr);
        let kinds = cli.json(&["scheduler", "task-types"]);
        let names: Vec<&str> = kinds["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|it| it["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(names, ["publishing", "import_folder", "recycle", "prune", "backup"]);
        let told = cli.ok(&["scheduler", "task-types"]);
        for says in [
            "--param folder=TEXT  ",
            " (required)\n",
            "--param account_ids=N,N,…  ",
            "--param recursive=true|false  ",
            "--param keep=N  ",
            " (1 to 1000; default: 7)\n",
        ] {
            assert!(told.contains(says), "{says:?} in\n{told}");
        }
    });
}

#[test]
fn they_are_made_and_run_over_http() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let kinds = product.get("/scheduler/task-types");
        assert_eq!(kinds["total"], 5);
        assert_eq!(kinds["items"][4]["params_schema"]["properties"]["keep"]["default"], 7);
        let body =
            json!({"name": "prune", "task_type": "prune", "schedule_type": "cron", "cron": "0 4 * * *"});
        let task = product.post("/scheduler/tasks", &body, 201);
        assert_eq!(
            task["params"],
            json!({"empty_runs_days": 7, "runs_days": 400, "logs_days": 400, "media_days": 7})
        );
        let path = format!("/scheduler/tasks/{}/trigger?wait=true", task["id"]);
        let report = product.post(&path, &json!({}), 200);
        assert_eq!(
            (&report["success"], &report["data"]["total_count"]),
            (&json!(true), &json!(0)),
            "{report:#}"
        );
        let body = json!({"name": "x", "task_type": "prune", "schedule_type": "cron", "cron": "0 4 * * *", "params": {"days": 3}});
        let problem = product.post("/scheduler/tasks", &body, 422);
        assert_eq!(problem["errors"][0]["field"], "params.days", "{problem:#}");
        let runs = product.get("/scheduler/executions");
        assert_eq!(runs["items"][0]["task_type"], "prune");
    });
}

/// A copy's memory of earlier runs is as old as the copy.
#[test]
fn after_a_restore_nothing_feeds_the_pool_by_itself() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let feeding = [
            task_of(&app, "import_folder", json!({"folder": dir})),
            task_of(&app, "recycle", json!({"tag": "evergreen"})),
        ];
        let other = task_of(&app, "backup", json!({}));
        let guarded = app.run(GuardRestored { by: "Ada".to_owned() }).expect("guarded");
        assert_eq!(guarded.tasks_disabled.iter().map(|task| task.id).collect::<Vec<_>>(), feeding);
        let tasks = app.tasks().expect("tasks");
        let is_on = |id| tasks.iter().any(|task| task.id == id && task.enabled);
        assert!(!feeding.into_iter().any(is_on) && is_on(other));
    });
}
