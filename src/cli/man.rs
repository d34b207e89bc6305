//! `contenthub man`: manual pages, made of the same text as `--help`.

use super::output::Output;
use super::usage::UsageError;
use super::{Done, Failure};
use crate::words::{Sentence, message};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Writes `contenthub.1`, `contenthub-scheduler.1` and so on into `dir`.
pub fn run(dir: &Path, command: clap::Command, out: &Output) -> Result<Done, Failure> {
    let failed = |path: &Path, source| UsageError::File { path: path.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut written: Vec<PathBuf> = Vec::new();
    let mut waiting = vec![("contenthub".to_owned(), command)];
    while let Some((name, command)) = waiting.pop() {
        let visible = command.get_subcommands().filter(|it| !it.is_hide_set());
        waiting.extend(visible.map(|it| (format!("{name}-{}", it.get_name()), it.clone())));
        let path = dir.join(format!("{name}.1"));
        let mut page = Vec::new();
        clap_mangen::Man::new(command).title(name).render(&mut page)?;
        std::fs::write(&path, with_examples(&String::from_utf8_lossy(&page)))
            .map_err(|error| failed(&path, error))?;
        written.push(path);
    }
    let said = Sentence::new(message("done-man"))
        .with("count", written.len().to_string())
        .with("dir", dir.display().to_string());
    out.tell(&said, &json!({"dir": dir.display().to_string(), "pages": written.len()}))
}

/// Examples under the name that readers of manual pages look for, and what is said before them under one of its own.
fn with_examples(page: &str) -> String {
    const EXTRA: &str = ".SH EXTRA\n";
    const BEGIN: &str = "Examples:";
    let Some((before, extra)) = page.split_once(EXTRA) else { return page.to_owned() };
    let at =
        if extra.starts_with(BEGIN) { Some(0) } else { extra.find(&format!("\n{BEGIN}")).map(|at| at + 1) };
    match at {
        None => format!("{before}.SH NOTES\n{extra}"),
        Some(0) => format!("{before}.SH EXAMPLES\n{extra}"),
        Some(at) => {
            let (notes, examples) = extra.split_at(at);
            format!("{before}.SH NOTES\n{}\n.SH EXAMPLES\n{examples}", notes.trim_end())
        }
    }
}
