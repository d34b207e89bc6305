//! `/publish-pool/add` and `/publish-pool/batch-add`: what is to be published.

use super::Api;
use super::creating::Creating;
use super::input;
use super::openapi::inputs;
use super::problem::{Answer, Problem};
use super::roles::{Caller, Concern};
use super::routes::Routes;
use crate::domain::clock::Timestamp;
use crate::domain::fault::RequestFault;
use crate::domain::field_error::FieldError;
use crate::domain::ids::{AccountId, ContentId};
use crate::domain::posting_slots::NEXT_SLOT;
use crate::domain::priority::Priority;
use crate::domain::retry::MAX_RETRIES_DEFAULT;
use crate::domain::role::Role;
use crate::domain::similar_text::AdditionWarning;
use crate::domain::text_enum;
use crate::operations::pool::*;
use crate::operations::{Context, OperationError};
use crate::views::{AddedView, BatchItemView, BatchStatus, EntryView, Here, ItemsView};
use actix_web::http::{Method, StatusCode};
use actix_web::web;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub fn routes(routes: &mut Routes) {
    const REFUSES: &[&str] = &["not_found", "already_in_pool", "already_published", "similar_text"];
    let editor = (Role::Editor, Concern::Own);
    routes.group("Publish pool");
    routes
        .route((Method::POST, "/publish-pool/add"), editor, add, "Add a content to the pool")
        .about(
            "It is published once on its account, when it is due. With `account_ids`, once on each. `warnings` names \
             another entry with the same text that was published there within 30 days, or waits.",
        )
        .created::<AddedView>()
        .refuses(REFUSES);
    routes
        .route((Method::POST, "/publish-pool/batch-add"), editor, batch_add, "Add many at once")
        .about(
            "Up to 10,000. All of them or none, unless `on_conflict` says `skip`: then what the pool cannot take is told \
             in its place, and the rest is added. An item that could be added nowhere, such as one with a priority of 11, \
             is a mistake in the request, which is refused with either.",
        )
        .created::<ItemsView<BatchItemView>>()
        .refuses(REFUSES);
}

fn view_of(added: AddedEntry, here: &Here, now: Timestamp) -> Value {
    json!(EntryView::new(added.row, now, here).beside(added.similar))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EntryAdd")]
struct AddBody {
    content_id: ContentId,
    /// Further contents of the same post, in their order, where the platform takes several.
    #[schemars(length(max = 7))]
    extra_content_ids: Option<Vec<ContentId>>,
    /// 1 goes first, 10 last; without it, 5.
    priority: Option<Priority>,
    /// When it goes out, or `next_slot`; without it, now.
    #[schemars(with = "Option<inputs::TimeOrSlot>")]
    scheduled_at: Option<String>,
    /// Without it, the content's own, or the only one there is.
    account_id: Option<AccountId>,
    /// Instead of `account_id`: an entry for each. Not in a batch.
    #[schemars(length(min = 1))]
    account_ids: Option<Vec<AccountId>>,
    #[schemars(range(min = 0, max = 1000))]
    max_retries: Option<i32>,
    /// Also where it was published before, or a text like it.
    again: Option<bool>,
    /// What is later than this is not published any more.
    #[schemars(range(min = 1, max = 31_622_400))]
    late_after_seconds: Option<i64>,
}

impl AddBody {
    fn addition(&self, api: &Api) -> Result<Addition, FieldError> {
        let next_slot = self.scheduled_at.as_deref() == Some(NEXT_SLOT);
        let at = self.scheduled_at.as_deref().filter(|_| !next_slot);
        Ok(Addition {
            content: self.content_id,
            extras: self.extra_content_ids.clone().unwrap_or_default(),
            account: self.account_id,
            priority: self.priority.unwrap_or_default(),
            scheduled_at: input::optional_time("scheduled_at", at, api.cx.timezone)?,
            next_slot,
            max_retries: self.max_retries.unwrap_or(MAX_RETRIES_DEFAULT),
            again: self.again.unwrap_or(false),
            late_after_seconds: self.late_after_seconds,
        })
    }

    /// The same as one of several, each of which is for one account.
    fn item(&self, index: usize, api: &Api) -> Result<Addition, FieldError> {
        let inside =
            |wrong: FieldError| FieldError::new(format!("items[{index}].{}", wrong.field), wrong.fault);
        if self.account_ids.is_some() {
            return Err(inside(FieldError::new("account_ids", RequestFault::NotInABatch)));
        }
        self.addition(api).map_err(inside)
    }
}

async fn add(api: web::Data<Api>, caller: Caller, asked: Creating<AddBody>) -> Answer {
    let Creating { body, request } = asked;
    let (addition, here) = (body.addition(&api)?, api.here());
    match body.account_ids {
        None => {
            let shape = move |added: AddedEntry, _: &Context, now| view_of(added, &here, now);
            request.once(&api, StatusCode::CREATED, caller.does(AddToPool(addition)), shape).await
        }
        Some(_) if body.account_id.is_some() => {
            Err(Problem::field("account_ids", RequestFault::NotWith("account_id")))
        }
        Some(accounts) => {
            let shape = move |all: Vec<AddedEntry>, _: &Context, now| {
                let items = all.into_iter().map(|added| view_of(added, &here, now)).collect();
                json!(ItemsView { items })
            };
            let add = caller.does(AddToAccounts { addition, accounts });
            request.once(&api, StatusCode::CREATED, add, shape).await
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BatchAdd")]
struct BatchBody {
    #[serde(deserialize_with = "input::objects")]
    #[schemars(length(max = 10_000))]
    items: Vec<AddBody>,
    /// Without it, `fail`.
    on_conflict: Option<OnConflictWord>,
}

text_enum! {
    /// What becomes of a batch of which an item is refused.
    OnConflictWord {
        /// Nothing is added.
        Fail = "fail",
        /// The rest is added.
        Skip = "skip",
    }
}

async fn batch_add(api: web::Data<Api>, caller: Caller, asked: Creating<BatchBody>) -> Answer {
    let Creating { body, request } = asked;
    let on_conflict = match body.on_conflict {
        None | Some(OnConflictWord::Fail) => OnConflict::Fail,
        Some(OnConflictWord::Skip) => OnConflict::Skip,
    };
    let items = body.items.iter().enumerate().map(|(index, item)| item.item(index, &api));
    let batch = BatchAdd { items: items.collect::<Result<Vec<_>, _>>()?, on_conflict };
    let shape = |done: BatchOutcome, _: &Context, _| {
        let items = done.items.into_iter().enumerate().map(batch_item).collect();
        json!(ItemsView { items })
    };
    request.once(&api, StatusCode::CREATED, caller.does(batch), shape).await
}

fn batch_item((index, item): (usize, Result<Added, OperationError>)) -> BatchItemView {
    let skipped = BatchItemView {
        index,
        id: None,
        status: BatchStatus::Skipped,
        scheduled_at: None,
        code: None,
        error: None,
        warnings: Vec::new(),
    };
    match item {
        Ok(Added { id, slot, similar, account: _, due_at: _ }) => BatchItemView {
            id: Some(id),
            status: BatchStatus::Pending,
            scheduled_at: slot,
            warnings: similar.into_iter().map(AdditionWarning::from).collect(),
            ..skipped
        },
        Err(error) => {
            BatchItemView { code: Some(error.code().to_owned()), error: Some(error.to_string()), ..skipped }
        }
    }
}
