//! What a run came to, in the reader's language. Its report is always English, because programs read it; here the same is
//! told from what it holds. What is not known here is told as it is.

use super::output::Output;
use crate::domain::report::{Ending, Report, ReportData};
use crate::words::{Message, Sentence, message};
use serde_json::Value;

/// One sentence.
pub fn told(report: &Report, out: &Output) -> String {
    match report.ending() {
        Some(ending) => out.words(&publishing(ending, &report.data, out)),
        None => job(report, out).unwrap_or_else(|| out.with_moments(&report.message)),
    }
}

fn publishing(ending: Ending, data: &ReportData, out: &Output) -> Sentence {
    let id = match (ending, data.total_count) {
        (Ending::Nothing, _) => return message("run-nothing").into(),
        (Ending::Interrupted, 0) => return message("run-interrupted-untried").into(),
        (Ending::Cancelled, 0) => return message("run-cancelled-untried").into(),
        (Ending::Interrupted, _) => message("run-interrupted"),
        (Ending::Cancelled, _) => message("run-cancelled"),
        (Ending::Completed, _) => message("run-completed"),
    };
    Sentence::new(id).with("counts", counts(data, out))
}

/// The first two always, the others where there are any.
fn counts(data: &ReportData, out: &Output) -> String {
    let all = [
        (message("run-count-succeeded"), data.success_count, true),
        (message("run-count-failed"), data.failed_count, true),
        (message("run-count-uncertain"), data.uncertain_count, false),
        (message("run-count-in-progress"), data.in_progress_count, false),
        (message("run-count-skipped"), data.skipped_count, false),
    ];
    let told = all.into_iter().filter(|(_, count, always)| *always || *count > 0);
    let told = told.map(|(id, count, _)| out.words(&Sentence::new(id).with("count", count)));
    let joined = told.reduce(|first, rest| {
        out.words(&Sentence::new(message("run-counts-next")).with("first", first).with("rest", rest))
    });
    joined.unwrap_or_default()
}

/// Of a run that does not publish: how it ended, and what it had done.
fn job(report: &Report, out: &Output) -> Option<String> {
    let told = |id: Message| Some(out.words(&Sentence::new(id)));
    let said = report.message.as_str();
    match said {
        "Interrupted before its end; what it had done until then stays done" => {
            return told(message("job-interrupted-early"));
        }
        "Interrupted: the process that did it is gone; what it had done until then stays done" => {
            return told(message("job-process-gone"));
        }
        "Cancelled before its end; what it had done until then stays done" => {
            return told(message("job-cancelled-early"));
        }
        "Cancelled before anything was done" => return told(message("job-cancelled-untried")),
        _ => {}
    }
    let details = report.data.details.as_ref()?;
    let what = |rest: &str| done(details, rest, out).unwrap_or_else(|| rest.to_owned());
    let whole =
        |id: Message, name: &'static str, rest: String| Some(out.words(&Sentence::new(id).with(name, rest)));
    if let Some(why) = said.strip_prefix("Failed: ") {
        return whole(message("job-failed"), "why", out.kept_with_moments(why));
    }
    if let Some(rest) = said.strip_prefix("Interrupted before its end: ") {
        return whole(message("job-interrupted"), "what", what(rest));
    }
    if let Some(rest) = said.strip_prefix("Cancelled before its end: ") {
        return whole(message("job-cancelled"), "what", what(rest));
    }
    done(details, said, out)
}

/// What a job did, told by the details that its kind has.
fn done(details: &Value, said: &str, out: &Output) -> Option<String> {
    let has = |field: &str| details.get(field).is_some();
    let number = |field: &str| details[field].as_i64().unwrap_or(0);
    let length = |field: &str| details[field].as_array().map_or(0, Vec::len).to_string();
    let sentence = if has("schema_version") {
        Sentence::new(message("job-copied"))
            .with("path", details["path"].as_str().unwrap_or_default())
            .with("bytes", number("bytes").to_string())
            .with("removed", length("removed"))
    } else if has("idempotency_keys") {
        pruned(&number)
    } else if has("entries_added") {
        return imported(details, said, out);
    } else if has("next_at") {
        return Some(recycled(details, out));
    } else {
        return None;
    };
    Some(out.words(&sentence))
}

fn pruned(number: &impl Fn(&str) -> i64) -> Sentence {
    // A report of an earlier version has no pictures.
    let pictures = number("media") + number("files_without_row");
    let history = number("runs") + number("logs") + number("idempotency_keys");
    if history + pictures == 0 {
        return message("job-pruned-nothing").into();
    }
    let removed = Sentence::new(message("job-pruned"))
        .with("runs", number("runs").to_string())
        .with("logs", number("logs").to_string())
        .with("keys", number("idempotency_keys").to_string());
    match pictures {
        0 => removed,
        _ => Sentence::new(message("job-pruned-pictures"))
            .with("removed", removed)
            .with("pictures", pictures.to_string()),
    }
}

fn imported(details: &Value, said: &str, out: &Output) -> Option<String> {
    let number = |field: &str| details[field].as_i64().unwrap_or(0);
    // The folder is in the sentence alone.
    let rest = said.strip_prefix("Imported ")?;
    let (folder, _) = rest.split_once(&format!(": {} created, ", number("created")))?;
    let counts = Sentence::new(message("job-imported"))
        .with("folder", folder)
        .with("created", number("created").to_string())
        .with("updated", number("updated").to_string())
        .with("unchanged", number("unchanged").to_string())
        .with("added", number("entries_added").to_string());
    let mut said = out.words(&counts);
    let unsettled = details["unsettled"].as_array().map_or(0, Vec::len);
    let more = [
        (message("job-imported-bad"), number("bad")),
        (message("job-imported-unsettled"), i64::try_from(unsettled).unwrap_or(i64::MAX)),
    ];
    for (id, count) in more.into_iter().filter(|(_, count)| *count > 0) {
        said = out.words(&Sentence::new(id).with("said", said).with("count", count));
    }
    Some(said)
}

fn recycled(details: &Value, out: &Output) -> String {
    let count = details["added"].as_array().map_or(0, Vec::len);
    let sentence = match (count, details["next_at"].as_str()) {
        (0, Some(at)) => {
            Sentence::new(message("job-recycled-nothing-before")).with("at", out.with_moments(at))
        }
        (0, None) => message("job-recycled-nothing").into(),
        (count, _) => {
            Sentence::new(message("job-recycled")).with("count", i64::try_from(count).unwrap_or(i64::MAX))
        }
    };
    let said = out.words(&sentence);
    match details["over"].as_str() {
        Some(why) => out.words(
            &Sentence::new(message("job-recycled-over"))
                .with("said", said)
                .with("why", out.kept_with_moments(why)),
        ),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::Format;
    use super::*;
    use crate::domain::ids::{ExecutionId, TaskId};
    use crate::domain::report::{JobDone, Tally, report};
    use crate::words::Language;
    use serde_json::json;

    fn said(report: &Report) -> [String; 2] {
        Language::ALL.map(|language| told(report, &Output::new(Format::Table, language)))
    }

    #[test]
    fn a_run_is_told_in_english_as_its_report_has_it_and_in_chinese() {
        let made = |tally| report(Some(TaskId(1)), ExecutionId(1), tally, Vec::new(), Vec::new(), 1.0);
        let some = || made(Tally { published: 2, failed: 1, uncertain: 3, in_progress: 4 });
        let nothing = || made(Tally::default());
        for (report, chinese) in [
            (nothing(), "没有待发布的条目"),
            (nothing().interrupted(), "发布在尝试任何条目之前中断"),
            (nothing().cancelled(), "发布在尝试任何条目之前取消"),
            (some(), "发布完成：成功 2，失败 1，状态不明 3，进行中 4"),
            (some().interrupted(), "发布中断：成功 2，失败 1，状态不明 3，进行中 4"),
            (some().cancelled(), "发布已取消：成功 2，失败 1，状态不明 3，进行中 4"),
        ] {
            assert_eq!(said(&report), [report.message.as_str(), chinese]);
        }
    }

    #[test]
    fn a_job_is_told_by_its_details() {
        let import = json!({"created": 1, "updated": 0, "unchanged": 2, "bad": 1, "entries_added": 1,
            "entries_updated": 0, "unsettled": ["a", "b"]});
        let recycle = |over| json!({"added": [], "next_at": null, "notes": [], "over": over});
        for (message, details, chinese) in [
            (
                "Copied the database to /x (7 bytes); 1 older removed",
                json!({"path": "/x", "bytes": 7, "schema_version": "1", "removed": ["y"]}),
                "数据库已复制到 /x（7 字节）；已删除 1 个旧副本",
            ),
            (
                "Nothing is old enough to be removed",
                json!({"runs": 0, "logs": 0, "idempotency_keys": 0}),
                "没有足够旧、需要删除的内容",
            ),
            (
                "Removed 1 runs, 2 rows of the publish log and 3 idempotency keys, and 9 pictures that nothing shows",
                json!({"runs": 1, "logs": 2, "idempotency_keys": 3, "media": 4, "files_without_row": 5}),
                "已删除 1 次运行、2 行发布日志和 3 个幂等键，以及 9 张没有内容使用的图片",
            ),
            (
                "Imported /a: b: 1 created, 0 updated, 2 unchanged; 1 entries added; one file cannot be imported; \
                 2 are being written, and left for the next run",
                import,
                "已导入 /a: b：新建 1，更新 0，未变 2；新增条目 1；1 个文件无法导入；2 个文件正在写入，留待下次运行",
            ),
            (
                "Interrupted before its end: Nothing is to be put back; the task has switched itself off: enough",
                recycle(Some("enough")),
                "中途中断：没有要放回的内容；任务已自行停用：enough",
            ),
            (
                "Nothing is to be put back; the task has switched itself off: each content was put back 2 times on each account",
                recycle(Some("each content was put back 2 times on each account")),
                "没有要放回的内容；任务已自行停用：每篇内容都已在每个账号上放回 2 次",
            ),
            ("Failed: the folder is on fire", json!({}), "失败：the folder is on fire"),
            (
                "Failed: there is no folder /x; make it, or mount its disk",
                json!({}),
                "失败：没有文件夹 /x；请创建它，或挂载其磁盘",
            ),
            (
                "Interrupted: the process that did it is gone; what it had done until then stays done",
                json!({}),
                "中断：执行它的进程已不存在；此前已完成的仍然有效",
            ),
            ("Cancelled before anything was done", json!({}), "在开始之前取消"),
            ("A later version's words", json!({}), "A later version's words"),
        ] {
            let done = JobDone { message: message.to_owned(), details: Some(details), ..JobDone::default() };
            let report = Report::of_job(TaskId(1), ExecutionId(1), true, done, 1.0);
            assert_eq!(said(&report), [message, chinese]);
        }
    }
}
