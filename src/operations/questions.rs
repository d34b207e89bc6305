//! The part of a cycle that needs no run: what platforms are to be asked, and what the steps of long publishes came to.

use super::cycle::{Cycle, CycleDone};
use super::{Context, OperationError};
use crate::db::checkpoints;
use crate::db::claim::{self, Claim};
use crate::db::connection::DbConnection;
use crate::db::extras;
use crate::domain::clock::Timestamp;
use crate::domain::ids::{AccountId, EntryId};
use std::collections::HashSet;

/// Takes what a platform is to be asked about now. No run is needed for it: nothing new is sent.
pub(super) fn take(
    cycle: &Cycle,
    next: Option<Timestamp>,
    conn: &mut DbConnection,
    cx: &Context,
    now: Timestamp,
    done: &mut CycleDone,
) -> Result<(), OperationError> {
    let mut next = next;
    if cycle.room.questions > 0 && next.is_some_and(|at| at <= now) {
        let limit = i64::try_from(cycle.room.questions).unwrap_or(i64::MAX);
        let asked = claim::take_questions(conn, cycle.claimant(now), cx.can_decrypt(), limit)?;
        let accounts: HashSet<AccountId> = asked.iter().map(|claim| claim.account).collect();
        done.accounts.extend(super::ready::read_anew(&accounts, conn, cx)?);
        done.claims.extend(asked);
        next = claim::next_question(conn, cx.can_decrypt())?;
    }
    done.look_again = [done.look_again, next].into_iter().flatten().min();
    Ok(())
}

/// What is published beside the entries' own contents, of those whose platforms take that.
pub(super) fn read_extras(conn: &mut DbConnection, done: &mut CycleDone) -> Result<(), OperationError> {
    let accounts = &done.accounts;
    let takes = |claim: &&mut Claim| accounts.get(&claim.account).is_some_and(|ready| ready.takes_extras);
    let mut claims: Vec<&mut Claim> = done.claims.iter_mut().filter(takes).collect();
    if !claims.is_empty() {
        extras::read(conn, &mut claims)?;
    }
    Ok(())
}

/// What earlier attempts came to, for those that are published in several steps.
pub(super) fn read_steps(conn: &mut DbConnection, done: &mut CycleDone) -> Result<(), OperationError> {
    let in_steps = |claim: &Claim| {
        claim.attempt.number > 1 && done.accounts.get(&claim.account).is_some_and(|ready| ready.in_steps)
    };
    let entries: Vec<EntryId> =
        done.claims.iter().filter(|claim| in_steps(claim)).map(|claim| claim.attempt.entry).collect();
    if entries.is_empty() {
        return Ok(());
    }
    for step in checkpoints::of(conn, &entries)? {
        let same =
            |claim: &&mut Claim| claim.attempt.entry == step.entry && claim.article.revision == step.revision;
        if let Some(claim) = done.claims.iter_mut().find(same) {
            claim.steps.push(step);
        }
    }
    Ok(())
}
