//! What is wrong, and what keeps a lane shut, as sentences.

use crate::domain::alarms::Alarm;
use crate::domain::gates::Gate;
use crate::domain::lane_look::Why;
use crate::words::errors::kept;
use crate::words::{Sentence, message};

pub fn alarm(alarm: &Alarm) -> Sentence {
    match alarm {
        Alarm::Paused(paused) => {
            let said = match &paused.reason {
                Some(reason) => Sentence::new(message("alarm-paused-because")).with("reason", kept(reason)),
                None => message("alarm-paused").into(),
            };
            said.with("since", paused.since).with("by", paused.by.as_str())
        }
        Alarm::NobodyPublishes => message("alarm-nobody-publishes").into(),
        Alarm::NodeGone { node, in_flight } => {
            Sentence::new(message("alarm-node-gone")).with("node", node.to_string()).with("count", *in_flight)
        }
        Alarm::NodeSilent { node, overdue } => {
            Sentence::new(message("alarm-node-silent")).with("node", node.to_string()).with("count", *overdue)
        }
        Alarm::NodeUnheard { node, since } => {
            Sentence::new(message("alarm-node-unheard")).with("node", node.to_string()).with("span", *since)
        }
        Alarm::CannotWrite { why } => Sentence::new(message("alarm-cannot-write")).with("why", why.as_str()),
        Alarm::ClockHeld { node, why } => Sentence::new(message("alarm-clock-held"))
            .with("node", node.to_string())
            .with("why", why.as_str()),
        Alarm::WrongSecretKey => message("alarm-wrong-secret-key").into(),
        Alarm::NoTask { lanes } => Sentence::new(message("alarm-no-task")).with("lanes", names(lanes)),
        Alarm::Late { lane, oldest } => {
            Sentence::new(message("alarm-late")).with("lane", lane.as_str()).with("span", *oldest)
        }
        Alarm::Shut { lanes } => {
            let shut = if lanes.len() == 1 { message("alarm-shut-one") } else { message("alarm-shut") };
            Sentence::new(shut).with("lanes", names(lanes))
        }
        Alarm::Uncertain { entries, is_one } => {
            let said = if *is_one { message("alarm-uncertain-one") } else { message("alarm-uncertain") };
            Sentence::new(said).with("count", entries.as_str())
        }
        Alarm::PossibleDuplicates { count } => {
            Sentence::new(message("alarm-possible-duplicates")).with("count", *count)
        }
        Alarm::PlatformDown { lanes } => {
            Sentence::new(message("alarm-platform-down")).with("lanes", names(lanes))
        }
        Alarm::BrokeDown { node, times } => Sentence::new(message("alarm-broke-down"))
            .with("node", node.to_string())
            .with("count", times.to_string()),
    }
}

/// The first of them; a hundred names help nobody.
fn names(lanes: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = lanes.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if lanes.len() > SHOWN {
        text.push_str(&format!(" … (+{})", lanes.len() - SHOWN));
    }
    text
}

pub fn why(why: &Why) -> Sentence {
    match why {
        Why::Disabled => message("gate-disabled").into(),
        Why::Suspended { reason, until: None } => {
            Sentence::new(message("gate-suspended")).with("reason", kept(reason))
        }
        Why::Suspended { reason, until: Some(until) } => {
            Sentence::new(message("gate-suspended-until")).with("reason", kept(reason)).with("until", *until)
        }
        Why::Locked => message("gate-wrong-key").into(),
        Why::Gate(shut) => gate(shut),
    }
}

pub fn gate(shut: &Gate) -> Sentence {
    match shut {
        Gate::AskedToWait => message("gate-asked-to-wait").into(),
        Gate::Breaker { since } => Sentence::new(message("gate-breaker")).with("since", *since),
        Gate::Window => message("gate-window").into(),
        Gate::DailyCap(cap) => Sentence::new(message("gate-cap")).with("cap", *cap),
        Gate::Spacing(spacing) => Sentence::new(message("gate-spacing"))
            .with("seconds", i64::try_from(spacing.as_secs()).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn a_hundred_names_are_not_told() {
        let lanes = |count: usize| (1..=count).map(|number| format!("a{number}")).collect::<Vec<_>>();
        let told = |count| alarm(&Alarm::Shut { lanes: lanes(count) }).say(Language::En);
        assert_eq!(told(1), "an account is shut until a person acts: a1");
        assert_eq!(told(7), "accounts are shut until a person acts: a1, a2, a3, a4, a5 … (+2)");
    }
}
