//! What an operator has to know first: what is wrong, the worst first, and what to do.

use super::ids::NodeId;
use super::pause::Paused;
use std::fmt;
use std::time::Duration;

/// What has been due for so long on a lane that nothing keeps shut ought to have gone out.
pub const LATE_AFTER: Duration = Duration::from_secs(600);

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// A person paused all publishing.
    Paused(Paused),
    /// Something is due, and there is nobody to send it.
    NobodyPublishes,
    /// A node died with something on the wire that nobody has taken back.
    NodeGone { node: NodeId, in_flight: i64 },
    /// This process cannot open the database's credentials.
    WrongSecretKey,
    /// On this lane, which is open, something has been due for this long.
    Late { lane: String, oldest: Duration },
    /// These lanes wait for a person.
    Shut { lanes: Vec<String> },
    /// Posts that may be out, and only a person can tell.
    Uncertain { entries: String },
    /// Posts that may be out twice, of the last day.
    PossibleDuplicates { count: i64 },
    /// The platforms of these lanes are taken to be down.
    PlatformDown { lanes: Vec<String> },
    /// Parts of a node broke down and were started anew.
    BrokeDown { node: NodeId, times: u64 },
}

impl Alarm {
    /// Stable: scripts may compare it.
    pub fn code(&self) -> &'static str {
        match self {
            Alarm::Paused(_) => "paused",
            Alarm::NobodyPublishes => "nobody_publishes",
            Alarm::NodeGone { .. } => "node_gone",
            Alarm::WrongSecretKey => "wrong_secret_key",
            Alarm::Late { .. } => "late",
            Alarm::Shut { .. } => "account_shut",
            Alarm::Uncertain { .. } => "uncertain",
            Alarm::PossibleDuplicates { .. } => "possible_duplicates",
            Alarm::PlatformDown { .. } => "platform_down",
            Alarm::BrokeDown { .. } => "broke_down",
        }
    }

    /// It does not pass by itself.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Alarm::Paused(_)
            | Alarm::NobodyPublishes
            | Alarm::WrongSecretKey
            | Alarm::Late { .. }
            | Alarm::Shut { .. }
            | Alarm::Uncertain { .. }
            | Alarm::PossibleDuplicates { .. } => true,
            Alarm::NodeGone { .. } | Alarm::PlatformDown { .. } | Alarm::BrokeDown { .. } => false,
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alarm::Paused(paused) => write!(f, "{paused}; `contenthub scheduler resume` ends it"),
            Alarm::NobodyPublishes => {
                f.write_str("something is due and no node runs: start `contenthub serve`, or trigger a task")
            }
            Alarm::NodeGone { node, in_flight } => write!(
                f,
                "node {node} is gone with {in_flight} on the wire: the next node to look takes them back"
            ),
            Alarm::WrongSecretKey => f.write_str(
                "the database's credentials were sealed with another key: set CONTENTHUB_SECRET_KEY to it",
            ),
            Alarm::Late { lane, oldest } => write!(
                f,
                "something has been due on {lane} for {}, and nothing keeps it: is a task enabled?",
                span(*oldest)
            ),
            Alarm::Shut { lanes } => {
                write!(f, "{} until a person acts: {}", shut(lanes.len()), names(lanes))
            }
            Alarm::Uncertain { entries } => write!(
                f,
                "{entries} uncertain: look whether they are out (contenthub publish-pool list --status uncertain)"
            ),
            Alarm::PossibleDuplicates { count } => write!(
                f,
                "{count} possible duplicates since yesterday: look for second posts (contenthub publisher history)"
            ),
            Alarm::PlatformDown { lanes } => {
                write!(f, "no answer from the platform of {}; it is tried again by itself", names(lanes))
            }
            Alarm::BrokeDown { node, times } => {
                write!(f, "parts of node {node} broke down {times} times and were started anew: see its log")
            }
        }
    }
}

fn shut(lanes: usize) -> &'static str {
    if lanes == 1 { "an account is shut" } else { "accounts are shut" }
}

/// The first of them; a hundred names help nobody.
fn names(lanes: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = lanes.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if lanes.len() > SHOWN {
        text.push_str(&format!(" and {} more", lanes.len() - SHOWN));
    }
    text
}

/// A span as people say it: 0.4 s, 12 s, 5 min, 3 h, 2 d.
pub fn span(span: Duration) -> String {
    match span.as_secs() {
        0 if span < Duration::from_millis(50) => "0 s".to_owned(),
        0..10 => format!("{:.1} s", span.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_one_unit() {
        for (ms, text) in [
            (0, "0 s"),
            (49, "0 s"),
            (400, "0.4 s"),
            (12_000, "12 s"),
            (119_999, "119 s"),
            (300_000, "5 min"),
            (7_200_000, "2 h"),
            (3 * 86_400_000, "3 d"),
        ] {
            assert_eq!(span(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn a_hundred_names_are_not_told() {
        let lanes = |count: usize| (1..=count).map(|number| format!("a{number}")).collect::<Vec<_>>();
        let told = |count| Alarm::Shut { lanes: lanes(count) }.to_string();
        assert_eq!(told(1), "an account is shut until a person acts: a1");
        assert_eq!(told(7), "accounts are shut until a person acts: a1, a2, a3, a4, a5 and 2 more");
    }
}
