//! One receiver is away for an hour, or one entry fails whatever its platform does: neither may cost the others anything.

use crate::chance::Chance;
use crate::faults::{Kind, Plan};
use crate::model::Model;
use crate::platform::Fate;
use crate::time::{HOUR, MINUTE, SECOND};
use crate::world::{Ran, World};
use contenthub::EntryStatus;

const ENTRIES: usize = 25;
/// Between two entries of a lane.
const PAUSE: u64 = 20 * SECOND;

fn run(plan: Plan) -> Ran {
    let mut model = Model::new(&plan, None);
    World::new(1, plan, Chance::new(1), &mut model, None, true).run()
}

/// When each post of a lane was out, in this order.
fn out_at(ran: &Ran, lane: usize) -> Vec<(i64, u64)> {
    let posts = ran.posts.iter().filter(|post| post.lane.0 as usize == lane + 1);
    posts.map(|post| (post.entry.0, post.out_at)).collect()
}

/// An hour's outage of one receiver costs no entry a retry, whatever is seen of it; all go out afterwards, the urgent first;
/// and the healthy one hears nothing of it.
#[test]
fn an_hour_of_outage_costs_nobody_a_retry() {
    let reset = Fate::Reset { taken: false };
    for (kind, fate) in [
        (Kind::Keyed, Fate::NoConnection),
        (Kind::Keyed, reset),
        (Kind::Detects, Fate::NoConnection),
        (Kind::Detects, reset),
        (Kind::Blind, Fate::NoConnection),
        (Kind::Keyed, Fate::AskedToWait(Some(90))),
    ] {
        let mut plan = Plan::of_two_lanes(kind, ENTRIES);
        plan.lanes[0].outage = Some((0, HOUR, fate));
        let ran = run(plan);
        let told = |what: &str| format!("{kind:?}, {fate:?}: {what}\n{}", ran.trace.join("\n"));
        assert_eq!(ran.verdict, Ok(()), "{}", told(""));
        for row in &ran.rows {
            assert_eq!(row.status, EntryStatus::Published, "{}", told(&format!("{row:?}")));
            assert_eq!(row.retry_count, 0, "{}", told(&format!("{row:?}")));
        }
        let (hit, healthy) = (out_at(&ran, 0), out_at(&ran, 1));
        assert_eq!((hit.len(), healthy.len()), (ENTRIES, ENTRIES));
        assert!(healthy.iter().all(|(_, at)| *at < MINUTE), "{}", told(&format!("{healthy:?}")));
        // The last pause between two probes is five minutes.
        assert!(
            hit.iter().all(|(_, at)| (HOUR..HOUR + 6 * MINUTE).contains(at)),
            "{}",
            told(&format!("{hit:?}"))
        );
    }
}

/// An entry of which no end is ever seen holds up none of its lane, and ends as failed or as uncertain.
#[test]
fn a_poison_entry_holds_up_nobody() {
    for kind in [Kind::Keyed, Kind::Detects, Kind::Blind, Kind::BlindRetry] {
        let mut plan = Plan::of_two_lanes(kind, ENTRIES);
        // The most urgent of its lane, and others follow for as long as it is tried.
        plan.entries[0].poison = true;
        for (place, entry) in plan.entries.iter_mut().enumerate() {
            entry.after = place as u64 / 2 * PAUSE;
        }
        plan.calm_at = ENTRIES as u64 * PAUSE;
        let ran = run(plan);
        let told = |what: &str| format!("{kind:?}: {what}\n{}", ran.trace.join("\n"));
        assert_eq!(ran.verdict, Ok(()), "{}", told(""));
        let ends: Vec<EntryStatus> = ran.rows.iter().map(|row| row.status).collect();
        assert!(
            matches!(ends[0], EntryStatus::Failed | EntryStatus::Uncertain),
            "{}",
            told(&format!("{ends:?}"))
        );
        assert!(ends[1..].iter().all(|end| *end == EntryStatus::Published), "{}", told(&format!("{ends:?}")));
        let late = |(entry, at): &(i64, u64)| *at > (*entry as u64 - 1) / 2 * PAUSE + MINUTE;
        assert!(!out_at(&ran, 0).iter().any(late), "{}", told("held up"));
    }
}
