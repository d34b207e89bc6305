//! What `/metrics` answers, read; and Prometheus' own tool, which looks at it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Samples of one answer.
pub struct Told {
    pub text: String,
    samples: Vec<Sample>,
}

struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Told {
    pub fn read(text: String) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let samples = lines.map(sample).collect();
        Told { text, samples }
    }

    /// The sum of the samples that have these labels, whatever others; none where there is no such sample.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let fits = |one: &&Sample| {
            one.name == name
                && labels.iter().all(|(label, value)| one.labels.get(*label).is_some_and(|it| it == value))
        };
        let values: Vec<f64> = self.samples.iter().filter(fits).map(|one| one.value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// The same of what has to be there.
    #[track_caller]
    pub fn of(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.sum(name, labels).unwrap_or_else(|| panic!("no {name} with {labels:?} in\n{}", self.text))
    }

    /// The metrics that are announced, with their kinds.
    pub fn kinds(&self) -> BTreeSet<(&str, &str)> {
        let lines = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        lines.map(|line| line.split_once(' ').expect("a kind")).collect()
    }
}

/// `name{label="value",…} 1.5`; in a value `\` stands before `\`, `"` and the n of a line's end.
fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no sample: {line}"));
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while let Some((label, after)) = rest.split_once("=\"").filter(|_| !rest.starts_with('}')) {
            let mut value = String::new();
            let mut chars = after.char_indices();
            let closed = loop {
                match chars.next().unwrap_or_else(|| panic!("no end of {label}: {line}")) {
                    (at, '"') => break at,
                    (_, '\\') => match chars.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, other)) => value.push(other),
                        None => panic!("no end of {label}: {line}"),
                    },
                    (_, other) => value.push(other),
                }
            };
            labels.insert(label.to_owned(), value);
            rest = after[closed + 1..].trim_start_matches(',');
        }
        rest = rest.strip_prefix('}').unwrap_or_else(|| panic!("no end of the labels: {line}"));
    }
    let value: f64 = rest.trim().parse().unwrap_or_else(|error| panic!("{error}: {line}"));
    Sample { name: name.to_owned(), labels, value }
}

/// Runs `promtool` in a folder; what it says where it finds something wrong.
pub fn promtool(dir: &Path, arguments: &[&str], input: &str) -> Result<(), String> {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap_or_else(|error| {
        panic!("promtool: {error}; it is in the Debian package prometheus, which tests/run installs")
    });
    // One that does not read says why in its end.
    let _ = running.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let ended = running.wait_with_output().expect("it ends");
    let said = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    if ended.status.success() { Ok(()) } else { Err(said) }
}
