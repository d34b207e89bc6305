//! In Chinese, what ends a command. Errors of the domain have theirs in `words/errors`.

mod backups;
mod databases;
mod imports;
mod operations;
mod rendering;
mod settings;
#[cfg(test)]
mod tests;

use super::account_test::WorksNot;
use super::usage::{Pair, UsageError, WrongValue};
use super::{Before, Failure};
use crate::app::OpenError;
use crate::bench::{Awaited, BenchError};
use crate::demo::DemoError;
use crate::key_rotation::RotateError;
use crate::server::ServeError;
use crate::words::Sentence;
use crate::words::errors::{InChinese, chinese, kept, quoted};

impl InChinese for Failure {
    fn in_chinese(&self) -> Sentence {
        match self {
            Failure::Config(error) => error.in_chinese(),
            Failure::Open(error) => error.in_chinese(),
            Failure::Serve(error) => error.in_chinese(),
            Failure::Demo(error) => error.in_chinese(),
            Failure::Bench(error) => error.in_chinese(),
            Failure::Operation(error) => error.in_chinese(),
            Failure::Backup(error) => error.in_chinese(),
            Failure::Rotate(error) => chinese("failure-rotate").with("why", error.in_chinese()),
            Failure::Restore(error) => chinese("failure-restore").with("why", error.in_chinese()),
            Failure::NoDatabase(path) => chinese("failure-no-database").with("path", path.as_path()),
            Failure::Usage(error) => error.in_chinese(),
            Failure::TestFailed { name, why } => {
                chinese("failure-test-failed").with("name", name.as_str()).with("why", why.in_chinese())
            }
            Failure::Unhealthy(count) => chinese("failure-unhealthy").with("count", count.to_string()),
            Failure::Unsound(faults) => chinese("failure-unsound").with("count", faults.to_string()),
            Failure::Stopped { signal, before } => chinese("failure-stopped")
                .with("signal", signal.to_string())
                .with("before", before.in_chinese()),
            Failure::EndedAtOnce(signal) => {
                chinese("failure-ended-at-once").with("signal", signal.to_string())
            }
            Failure::Io(error) => quoted(error),
        }
    }
}

impl InChinese for WrongValue {
    fn in_chinese(&self) -> Sentence {
        match self {
            WrongValue::NoNumber(given) => chinese("value-no-number").with("given", given.as_str()),
            WrongValue::Priority(error) => error.in_chinese(),
            WrongValue::NeitherNumberNorNone => chinese("value-neither-number-nor-none"),
        }
    }
}

impl InChinese for WorksNot {
    fn in_chinese(&self) -> Sentence {
        match self {
            WorksNot::NotReady(error) => error.in_chinese(),
            WorksNot::Said(words) => chinese("error-said").with("said", kept(words)),
        }
    }
}

impl InChinese for Before {
    fn in_chinese(&self) -> Sentence {
        match self {
            Before::EachTried => chinese("failure-before-each-tried"),
            Before::Ended(execution) => {
                chinese("failure-before-ended").with("execution", execution.to_string())
            }
        }
    }
}

impl InChinese for UsageError {
    fn in_chinese(&self) -> Sentence {
        match self {
            UsageError::SettingFlag { flag, instead } => {
                chinese("usage-setting-flag").with("flag", flag.as_str()).with("instead", *instead)
            }
            UsageError::Time(error) => error.in_chinese(),
            UsageError::ExpiresIn(error) => chinese("usage-expires-in").with("what", error.in_chinese()),
            UsageError::File { path, source } => {
                chinese("failure-file").with("path", path.as_path()).with("why", source.to_string())
            }
            UsageError::TooLarge(path) => chinese("usage-too-large")
                .with("path", path.as_path())
                .with("most", crate::domain::content::BODY_MAX_BYTES.to_string()),
            UsageError::NotUtf8 { path, line } => {
                chinese("usage-not-utf8").with("path", path.as_path()).with("line", line.to_string())
            }
            UsageError::Css { path, fault } => {
                chinese("usage-css").with("path", path.as_path()).with("fault", fault.in_chinese())
            }
            UsageError::NoPair(pair) => chinese("usage-no-pair").with("pair", pair.in_chinese()),
            UsageError::BenchNumbers => chinese("usage-bench-numbers"),
            UsageError::NothingToPreview => chinese("usage-nothing-to-preview"),
            UsageError::NoAccount => chinese("usage-no-account"),
            UsageError::NoTask => chinese("usage-no-task"),
            UsageError::NoSchedule => chinese("usage-no-schedule"),
            UsageError::NoChange => chinese("usage-no-change"),
            UsageError::Folder(error) => error.in_chinese(),
            UsageError::BadFiles { bad, total } => {
                chinese("usage-bad-files").with("bad", bad.to_string()).with("total", total.to_string())
            }
        }
    }
}

impl InChinese for Pair {
    fn in_chinese(&self) -> Sentence {
        match self {
            Pair::Setting => chinese("usage-pair-setting"),
            Pair::Credential => chinese("usage-pair-credential"),
            Pair::Parameter => chinese("usage-pair-parameter"),
        }
    }
}

impl InChinese for ServeError {
    fn in_chinese(&self) -> Sentence {
        match self {
            ServeError::Listen { address, source } => {
                chinese("serve-listen").with("address", address.to_string()).with("why", source.to_string())
            }
            ServeError::Tls(error) => error.in_chinese(),
            ServeError::Db(error) => error.in_chinese(),
            ServeError::Io(error) => chinese("serve-broke").with("why", error.to_string()),
            ServeError::Unwritten(count) => chinese("serve-unwritten").with("count", count.to_string()),
            ServeError::EndedAtOnce(signal) => {
                chinese("serve-ended-at-once").with("signal", signal.to_string())
            }
        }
    }
}

impl InChinese for DemoError {
    fn in_chinese(&self) -> Sentence {
        match self {
            DemoError::Directory(error) => chinese("demo-directory").with("why", error.to_string()),
            DemoError::Open(error) => error.in_chinese(),
            DemoError::Operation(error) => error.in_chinese(),
            DemoError::Serve(error) => error.in_chinese(),
        }
    }
}

impl InChinese for OpenError {
    fn in_chinese(&self) -> Sentence {
        match self {
            OpenError::Settings(error) => error.in_chinese(),
            OpenError::DataDir { path, source } => {
                chinese("open-data-dir").with("path", path.as_path()).with("why", source.to_string())
            }
            OpenError::KeySetting(error) => chinese("open-key-setting").with("what", error.in_chinese()),
            OpenError::KeyFile(error) => error.in_chinese(),
            // As in English, the database is named once.
            OpenError::Database { url, source } if source.to_string().contains(&url.to_string()) => {
                source.in_chinese()
            }
            OpenError::Database { url, source } => {
                chinese("open-database").with("url", url.to_string()).with("why", source.in_chinese())
            }
        }
    }
}

impl InChinese for RotateError {
    fn in_chinese(&self) -> Sentence {
        match self {
            RotateError::OneKeyGiven => chinese("rotate-one-key-given"),
            RotateError::Key(error) => error.in_chinese(),
            RotateError::Operation(error) => error.in_chinese(),
        }
    }
}

impl InChinese for BenchError {
    fn in_chinese(&self) -> Sentence {
        match self {
            BenchError::NotPostgres => chinese("bench-not-postgres"),
            BenchError::Open(error) => error.in_chinese(),
            BenchError::Db(error) => error.in_chinese(),
            BenchError::Operation(error) => error.in_chinese(),
            BenchError::Io(error) => chinese("bench-io").with("why", error.to_string()),
            BenchError::Wrong => chinese("bench-wrong"),
            BenchError::Stuck(arrived) => chinese("bench-stuck").with("count", arrived.to_string()),
            BenchError::NotSeen(awaited) => chinese("bench-not-seen").with("what", awaited.in_chinese()),
            BenchError::NotFull(sent) => chinese("bench-not-full").with("count", sent.to_string()),
            BenchError::Interrupted { signal: _ } => chinese("bench-interrupted"),
        }
    }
}

impl InChinese for Awaited {
    fn in_chinese(&self) -> Sentence {
        match self {
            Awaited::Timer => chinese("bench-timer"),
            Awaited::LastRun => chinese("bench-last-run"),
            Awaited::EndOfRuns => chinese("bench-end-of-runs"),
        }
    }
}
