//! What the program says of its own commands.

use super::refused;
use crate::support::command::Cli;
use std::path::Path;

/// Each command explains itself.
#[test]
fn every_command_has_help() {
    let dir = tempfile::tempdir().expect("a folder");
    let cli = Cli::in_dir(dir.path());
    let top = cli.ok(&["--help"]);
    assert_eq!(
        commands_in(&top).join(" "),
        "serve scheduler publish-pool content media account publisher status doctor token audit key bench config db completions man help"
    );
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let args: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = cli.ok(&[&args[..], &["--help"]].concat());
        let about = help.lines().next().unwrap_or_default();
        assert!(about.len() > 12 && !about.starts_with("Usage:"), "{path:?} explains nothing: {help}");
        assert!(help.contains("Usage: contenthub"), "{path:?}: {help}");
        seen += 1;
        let below = commands_in(&help).into_iter().filter(|name| name != "help");
        waiting.extend(below.map(|name| [&path[..], &[name]].concat()));
    }
    assert!(seen > 40, "only {seen} commands");
    for (shell, sign) in
        [("bash", "_contenthub()"), ("zsh", "#compdef contenthub"), ("fish", "complete -c contenthub")]
    {
        let script = cli.ok(&["completions", shell]);
        assert!(script.contains(sign) && script.contains("publish-pool"), "{shell}");
    }
    refused(&cli, &["completions", "tcsh"], 2, "bash");
    assert!(cli.ok(&["--version"]).starts_with("contenthub "));
    assert!(!Path::new(dir.path()).join("data").exists(), "help makes nothing");
}

/// The names under “Commands:”.
fn commands_in(help: &str) -> Vec<String> {
    let Some((_, rest)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = rest.lines().take_while(|line| !line.trim().is_empty());
    // A description that is wrapped is indented further than the names are.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}
