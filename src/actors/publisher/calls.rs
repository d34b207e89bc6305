//! What a platform is given for one attempt, and what it reaches the database and the disk by.

use super::PublisherActor;
use crate::actors::checkpoints::Checkpoints;
use crate::actors::pictures;
use crate::actors::token_shelf::TokenShelf;
use crate::db::checkpoints::Checkpoint;
use crate::db::claim::Claim;
use crate::domain::clock::Timestamp;
use crate::domain::ids::AccountId;
use crate::domain::question::Question;
use crate::domain::trust::Trust;
use crate::operations::ready::Ready;
use crate::platforms::journal::{Begun, Journal};
use crate::platforms::pictures::Pictures;
use crate::platforms::platform::{Article, Extra, PublishCall};
use crate::platforms::tokens::Tokens;
use std::sync::Arc;
use std::time::Duration;

/// What one attempt's platform reaches the database by.
pub(super) struct Means {
    keeper: Checkpoints,
    shelf: TokenShelf,
    pictures: pictures::Pictures,
}

impl Means {
    pub(super) fn keeper(&self) -> &Checkpoints {
        &self.keeper
    }
}

impl PublisherActor {
    pub(super) fn means(&self, claim: &Claim, account: AccountId) -> Means {
        Means {
            keeper: Checkpoints::new(self.db.clone(), self.node.clone(), claim),
            shelf: TokenShelf::new(self.db.clone(), &self.node, account, claim.attempt),
            pictures: pictures::Pictures {
                db: self.db.clone(),
                store: self.media.clone(),
                clock: self.clock.clone(),
                content: claim.article.content_id,
                revision: claim.article.revision,
                account,
            },
        }
    }
}

/// What a platform is given for an attempt that began then.
pub(super) fn publish_call(
    claim: Claim,
    ready: &Ready,
    trust: &Trust,
    means: Means,
    started_at: Timestamp,
) -> PublishCall {
    let begun = |step: Checkpoint| {
        let result = step.result.as_deref().map(read_result);
        (step.step, Begun { irreversible: step.irreversible, result })
    };
    let steps = claim.steps.into_iter().map(begun);
    let extra = |article: Article| {
        let (content, revision) = (article.content_id, article.revision);
        let pictures = pictures::Pictures { content, revision, ..means.pictures.clone() };
        Extra { article, pictures: Pictures::on(Arc::new(pictures)) }
    };
    let extras = claim.extras.into_iter().map(extra).collect();
    PublishCall {
        entry: claim.attempt.entry,
        attempt: claim.attempt.number,
        key: claim.key,
        article: claim.article,
        destination: ready.destination.clone(),
        time_left: trust.left(),
        unix_seconds: started_at.micros() / 1_000_000,
        worked: match claim.question {
            Some(Question::Ask { since, .. }) => started_at.since(since),
            Some(Question::LookUp { .. }) | None => Duration::ZERO,
        },
        trust: trust.clone(),
        journal: Journal::new(steps.collect(), Arc::new(means.keeper), trust.clone()),
        tokens: Tokens::kept_by(Arc::new(means.shelf)),
        pictures: Pictures::on(Arc::new(means.pictures)),
        extras,
    }
}

/// We wrote it ourselves, as JSON.
fn read_result(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or(serde_json::Value::Null)
}
