//! The executor's part that counts what attempts came to, once that is written.

use crate::db::transitions::{Ended, Written};
use crate::domain::ended_as::EndedAs;
use crate::metrics::Metrics;
use crate::operations::cycle::CycleDone;

pub(super) fn count(metrics: &Metrics, ended: &[Ended], done: &CycleDone) {
    let doubles = done.written.iter().filter(|written| matches!(written, Written::PossibleDuplicate(_)));
    metrics.possible_duplicates.add(u64::try_from(doubles.count()).unwrap_or(u64::MAX));
    let all = ended.iter().zip(&done.written).enumerate();
    metrics.accounts.ended(all.filter_map(|(at, (one, written))| {
        let was_the_entrys = done.the_entrys_fault.contains(&at);
        Some((one.account, came_to(one, *written, was_the_entrys)?))
    }));
    metrics.accounts.missed(&done.missed);
}

/// Nothing yet, where nothing is written.
fn came_to(one: &Ended, written: Written, was_the_entrys: bool) -> Option<EndedAs> {
    let instead = one.settlement.if_others_get_through.as_deref().filter(|_| was_the_entrys);
    Some(match written {
        Written::Settled(_) | Written::Already(_) => EndedAs::of(instead.unwrap_or(&one.settlement)),
        Written::Late(_) | Written::PossibleDuplicate(_) => EndedAs::Published,
        Written::LeaseLost => EndedAs::LeaseLost,
        Written::Refused => return None,
    })
}
