//! The command line. It works on the database directly, beside a running server or without one. Data goes to stdout,
//! all else to stderr.

mod account;
mod account_test;
mod ask;
mod audit;
mod backup;
mod bench;
mod content;
mod content_preview;
mod db;
mod doctor;
mod explain;
mod failure_words;
mod help;
mod hints;
mod import;
mod key;
mod man;
mod media;
mod open_files;
mod output;
mod pool;
mod preview;
mod progress;
mod publish_now;
mod publisher;
mod run_words;
mod runs;
mod scheduler;
mod serve;
mod slots;
mod status;
mod task_form;
mod task_list;
mod token;
mod type_words;
mod usage;

use crate::app::{App, OpenError};
use crate::bench::BenchError;
use crate::config::{self, ConfigError, SettingsArgs};
use crate::db::backup::BackupError;
use crate::db::database_url::DatabaseUrl;
use crate::demo::DemoError;
use crate::domain::actor::{Actor, Place};
use crate::domain::ids::ExecutionId;
use crate::key_rotation::RotateError;
use crate::logging::{self, Publications};
use crate::operations::OperationError;
use crate::os_user;
use crate::restore::Refused;
use crate::server::ServeError;
use crate::signals::StopSignal;
use crate::words::Language;
use account_test::WorksNot;
use clap::parser::ValueSource;
use clap::{CommandFactory, Subcommand};
use output::{Format, Output};
use std::path::PathBuf;
use std::process::ExitCode;
use usage::UsageError;

/// Publishes each post on the right platform, at the right moment, exactly once.
#[derive(Debug, clap::Parser)]
#[command(name = "contenthub", version, propagate_version = true, max_term_width = help::WIDTH_MAX)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: SettingsArgs,
    /// How results are written
    #[arg(long, global = true, value_enum, default_value = "table")]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: scheduler, publishers and HTTP API
    Serve(serve::Arguments),
    /// Scheduled tasks and their runs
    #[command(subcommand)]
    Scheduler(scheduler::Command),
    /// What waits to be published
    #[command(subcommand)]
    PublishPool(pool::Command),
    /// What is published
    #[command(subcommand)]
    Content(content::Command),
    /// Pictures that contents show
    #[command(subcommand)]
    Media(media::Command),
    /// Where it is published
    #[command(subcommand)]
    Account(account::Command),
    /// What became of each attempt
    #[command(subcommand)]
    Publisher(publisher::Command),
    /// How publishing stands: all well, or what is wrong; then nodes and lanes
    ///
    /// Read from the database, with and without a server. The first line says whether anything is wrong, and the lines
    /// below it what, and what to do. WIRE is what is being sent, of how much at once; DUE what waits (1000+ where it is
    /// more), OLDEST for how long the first of it has. A program watches `ok` and `oldest_due_seconds` of
    /// `contenthub status --output json`, which is what GET /api/v1/scheduler/status answers.
    #[command(after_help = "Examples:\n  contenthub status\n  contenthub status --output json")]
    Status,
    /// Check the installation, and say what to do: exit code 1 where something is wrong
    ///
    /// Looks at settings, disk, database, key, clock, time zone, open files, tasks, accounts and servers. Publishes
    /// nothing; each account's platform is tested as `account test` does, unless --offline is given.
    #[command(after_help = "Examples:\n  contenthub doctor\n  contenthub doctor --offline --output json")]
    Doctor(doctor::Arguments),
    /// Who may use the API
    #[command(subcommand)]
    Token(token::Command),
    /// Who changed what, newest first: people and tokens; what was published is in `publisher history`
    Audit(audit::Arguments),
    /// The key that credentials are sealed with
    #[command(subcommand)]
    Key(key::Command),
    /// Measure how fast the executor is on this machine
    Bench(bench::Arguments),
    #[command(name = crate::bench::sink::COMMAND, hide = true)]
    BenchSink,
    /// The settings in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The database itself
    #[command(subcommand)]
    Db(db::Command),
    /// Print a completion script for a shell
    #[command(
        after_help = "Examples:\n  contenthub completions bash > contenthub.bash\n\nBash reads it from \
        /etc/bash_completion.d/contenthub, zsh as _contenthub from a folder of $fpath."
    )]
    Completions { shell: clap_complete::Shell },
    /// Write manual pages, one a command, into a folder
    #[command(
        after_help = "Examples:\n  contenthub man man1\n\nRead one with: man -l man1/contenthub-publish-pool-add.1"
    )]
    Man {
        /// It is made where it is missing
        dir: std::path::PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show each setting and where it came from
    #[command(after_help = "Examples:\n  contenthub config show")]
    Show,
}

/// What ends a command.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error("the key was not changed: {0}")]
    Rotate(#[from] RotateError),
    #[error("not restored, and nothing was changed: {0}")]
    Restore(#[from] Refused),
    #[error("there is no database at {0}")]
    NoDatabase(PathBuf),
    /// What the user gave cannot be used.
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error("account “{name}” does not work: {why}")]
    TestFailed { name: String, why: WorksNot },
    /// What `doctor` found.
    #[error("{0} of the checks failed")]
    Unhealthy(usize),
    #[error("the database has faults: {0}")]
    Unsound(usize),
    /// In order, but before what was asked for was done.
    #[error("{signal}: stopped before {before}; what is left goes on with a server")]
    Stopped { signal: StopSignal, before: Before },
    #[error("a second {0}: ended at once; what was on the wire is found out by the next command or start")]
    EndedAtOnce(StopSignal),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// What a command had still to see when it was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Before {
    #[error("each entry was tried")]
    EachTried,
    #[error("execution {0} had ended")]
    Ended(ExecutionId),
}

/// How a command ended, where it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Well,
    /// A run in which not everything was published.
    Partly,
    /// A run that did not do what it was to do; its report says why.
    Failed,
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Config(_)
            | Failure::Usage(_)
            | Failure::Operation(OperationError::Invalid(_))
            | Failure::Backup(BackupError::Taken(_))
            | Failure::Rotate(RotateError::OneKeyGiven)
            | Failure::Open(OpenError::KeySetting(_))
            | Failure::Serve(ServeError::Tls(_))
            | Failure::Demo(DemoError::Open(OpenError::KeySetting(_))) => ExitCode::from(2),
            // As a shell shows a program that a signal has ended.
            Failure::Bench(BenchError::Interrupted { signal }) => {
                ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
            }
            Failure::Serve(ServeError::EndedAtOnce(signal))
            | Failure::Demo(DemoError::Serve(ServeError::EndedAtOnce(signal)))
            | Failure::EndedAtOnce(signal)
            | Failure::Stopped { signal, .. } => ExitCode::from(signal.exit_code()),
            Failure::Open(_)
            | Failure::NoDatabase(_)
            | Failure::Serve(_)
            | Failure::Demo(_)
            | Failure::Bench(_)
            | Failure::Operation(_)
            | Failure::Backup(_)
            | Failure::Restore(_)
            | Failure::Rotate(_)
            | Failure::Unsound(_)
            | Failure::Unhealthy(_)
            | Failure::TestFailed { .. }
            | Failure::Io(_) => ExitCode::from(1),
        }
    }
}

/// Reads the arguments, does what they say, and tells how it ended: 0 done, 1 failed, 2 usage, 3 partly failed run; 128
/// and the signal's number where one ended it.
pub fn run() -> ExitCode {
    let arguments: Arguments = help::read_arguments(language());
    open_files::raise_limit();
    match execute(arguments) {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Partly) => ExitCode::from(3),
        Ok(Done::Failed) => ExitCode::from(1),
        // Whoever read our output has enough of it.
        Err(Failure::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            hints::complain(&failure, language());
            failure.exit_code()
        }
    }
}

/// The whole command line, as those need it who make documents of it.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// A setting where it stands on the command line itself, which means more there than in a variable or a file: the bench
/// makes a database on the server that `--database-url` names, and a task keeps the `--timezone` that it is given.
fn setting_flag(id: &str) -> Option<String> {
    let matches = Arguments::command().get_matches();
    if is_flag(&matches, id) { matches.get_one::<String>(id).cloned() } else { None }
}

/// Refuses a flag of the program's settings that is no setting of what is changed here, which has `instead`.
fn refuse_setting_flag(id: &str, instead: &'static str) -> Result<(), Failure> {
    if is_flag(&Arguments::command().get_matches(), id) {
        return Err(UsageError::SettingFlag { flag: id.to_owned(), instead }.into());
    }
    Ok(())
}

fn is_flag(matches: &clap::ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(ValueSource::CommandLine)
}

fn execute(arguments: Arguments) -> Result<Done, Failure> {
    let out = Output::new(arguments.output, language());
    if let Command::Serve(serve) = arguments.command {
        return serve::run(serve, &arguments.settings);
    }
    if let Command::BenchSink = arguments.command {
        crate::bench::sink::run()?;
        return Ok(Done::Well);
    }
    if let Command::Completions { shell } = arguments.command {
        return completions(shell);
    }
    if let Command::Man { dir } = arguments.command {
        return man::run(&dir, Arguments::command(), &out);
    }
    logging::init(log::LevelFilter::Warn, Publications::Quiet);
    let settings = config::load(&arguments.settings)?;
    let out = out.in_zone(settings.timezone);
    if let Command::Config(ConfigCommand::Show) = arguments.command {
        return output::settings(&out, &settings);
    }
    if let Command::Bench(bench) = &arguments.command {
        return bench::run(bench, setting_flag("database_url"), settings, &out);
    }
    if let Command::Db(command) = arguments.command {
        return db::run(command, &settings, &out);
    }
    if let Command::Doctor(doctor) = arguments.command {
        return doctor::run(&doctor, settings, &out);
    }
    if let (Command::Status, DatabaseUrl::Sqlite(path)) = (&arguments.command, &settings.database)
        && !path.exists()
    {
        // A server's state is asked for where there is one; a new database would say that all is well.
        return Err(Failure::NoDatabase(path.clone()));
    }
    let app = App::open(settings)?.acting_as(Actor::here(os_user::name(), Place::CommandLine));
    match arguments.command {
        Command::Scheduler(command) => scheduler::run(command, &app, &out),
        Command::PublishPool(command) => pool::run(command, &app, &out),
        Command::Content(command) => content::run(command, &app, &out),
        Command::Media(command) => media::run(command, &app, &out),
        Command::Account(command) => account::run(command, &app, &out),
        Command::Publisher(command) => publisher::run(command, &app, &out),
        Command::Status => status::run(&app, &out),
        Command::Token(command) => token::run(command, &app, &out),
        Command::Audit(arguments) => audit::run(arguments, &app, &out),
        Command::Key(command) => key::run(command, &app, &out),
        Command::Serve(_)
        | Command::Config(_)
        | Command::Bench(_)
        | Command::BenchSink
        | Command::Db(_)
        | Command::Doctor(_)
        | Command::Man { .. }
        | Command::Completions { .. } => Ok(Done::Well),
    }
}

fn completions(shell: clap_complete::Shell) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "contenthub", &mut script);
    output::write(&String::from_utf8_lossy(&script))
}

/// A time as a user gave it, in the configured zone.
fn time(app: &App, text: Option<&str>) -> Result<Option<crate::domain::clock::Timestamp>, Failure> {
    let zone = app.settings().timezone;
    let read = text.map(|text| crate::domain::time_input::parse(text, zone)).transpose();
    Ok(read.map_err(UsageError::from)?)
}

/// The language of whoever reads the terminal.
fn language() -> Language {
    Language::of_environment(|name| std::env::var(name).ok())
}

/// Who does this, as the audit names them.
fn user() -> String {
    format!("cli:{}", os_user::name())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// clap knows arguments by their field's name: one of a command would take the place of a setting of that name.
    #[test]
    fn no_argument_of_a_command_is_named_like_a_setting() {
        let top = Arguments::command();
        let settings: Vec<_> = top.get_arguments().map(|argument| argument.get_id().clone()).collect();
        let mut waiting: Vec<&clap::Command> = top.get_subcommands().collect();
        let mut seen = 0;
        while let Some(command) = waiting.pop() {
            for argument in command.get_arguments() {
                let name = command.get_name();
                assert!(!settings.contains(argument.get_id()), "{name}: {}", argument.get_id());
                seen += 1;
            }
            waiting.extend(command.get_subcommands());
        }
        assert!(seen > 50 && settings.len() > 8, "{seen} arguments, {} settings", settings.len());
    }
}
