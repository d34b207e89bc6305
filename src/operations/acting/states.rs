//! How things stand, as the audit tells it: what people have set, without secrets. Rows are taken apart whole, so that a
//! new column is not forgotten.

use super::told::{Fields, fields};
use crate::db::accounts::AccountRow;
use crate::db::connection::{DbConnection, DbError};
use crate::db::contents::{self, ContentRow, read_tags};
use crate::db::entries::{self, EntryRow};
use crate::db::executions::{self, ExecutionRow};
use crate::db::media::{self, MediaRow};
use crate::db::pause;
use crate::db::slots;
use crate::db::tasks::{self, TaskRow};
use crate::db::tokens::{self, TokenRow};
use crate::domain::ids::*;
use crate::domain::pause::Paused;
use crate::domain::resource::{Resource, Subject};
use crate::secrets;
use serde_json::{Value, json};

/// How something stands, and stays until the caller's transaction ends; none where there is no such thing, or nothing to
/// be told of it.
pub fn held(conn: &mut DbConnection, subject: Subject) -> Result<Option<Fields>, DbError> {
    let Some(id) = subject.id else {
        return match subject.kind {
            Resource::Publishing => Ok(Some(publishing(pause::hold_to_change(conn)?.as_ref()))),
            _ => Ok(None),
        };
    };
    Ok(match subject.kind {
        Resource::Account => slots::lock_account(conn, AccountId(id))?.as_ref().map(account),
        Resource::Content => contents::lock(conn, ContentId(id))?.as_ref().map(content),
        Resource::Entry => entries::lock(conn, EntryId(id))?.as_ref().map(entry),
        Resource::Task => tasks::lock(conn, TaskId(id))?.as_ref().map(task),
        Resource::Execution => executions::hold(conn, ExecutionId(id))?.as_ref().map(execution),
        // What is told of a token is never changed.
        Resource::Token => tokens::get(conn, TokenId(id))?.as_ref().map(token),
        Resource::Media => media::lock(conn, MediaId(id))?.as_ref().map(picture),
        Resource::Pool | Resource::Publishing | Resource::Import | Resource::Database => None,
    })
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Digits that are others whenever something sealed is another, and tell nothing of it.
const SEAL_DIGITS: usize = 12;

pub fn account(row: &AccountRow) -> Fields {
    let AccountRow {
        id: _,
        name,
        platform,
        settings,
        credentials,
        credential_names,
        enabled,
        timezone,
        concurrency,
        on_unknown,
        suspended_reason,
        suspended_until,
        suspended_by_machine: _,
        wrong_address_entry: _,
        version: _,
        created_at: _,
        updated_at: _,
        spacing_seconds,
        daily_cap,
        windows,
        give_up_after_seconds,
        late_after_seconds,
        slots,
        missed_slot,
        on_similar,
    } = row;
    let sealed = credentials.as_ref().map(|sealed| {
        let digits: String = secrets::sha256_hex(sealed.as_bytes()).chars().take(SEAL_DIGITS).collect();
        json!({"set": parsed(credential_names), "seal": digits})
    });
    fields(json!({
        "name": name, "platform": platform, "settings": parsed(settings), "credentials": sealed,
        "enabled": enabled, "timezone": timezone, "concurrency": concurrency, "on_unknown": on_unknown,
        "suspended_reason": suspended_reason, "suspended_until": suspended_until,
        "spacing_seconds": spacing_seconds, "daily_cap": daily_cap, "windows": parsed(windows),
        "give_up_after_seconds": give_up_after_seconds, "late_after_seconds": late_after_seconds,
        "slots": parsed(slots), "missed_slot": missed_slot, "on_similar": on_similar,
    }))
}

pub fn content(row: &ContentRow) -> Fields {
    let ContentRow {
        id: _,
        revision,
        review_status,
        account_id,
        created_at: _,
        updated_at: _,
        title,
        body,
        digest,
        author,
        cover,
        tags,
        source_url,
    } = row;
    fields(json!({
        "title": title, "body": body, "digest": digest, "author": author, "cover": cover,
        "tags": read_tags(tags), "source_url": source_url, "account_id": account_id,
        "review_status": review_status, "revision": revision,
    }))
}

/// What people set of an entry; what became of it is in the publish log.
pub fn entry(row: &EntryRow) -> Fields {
    let (late_after_seconds, slot_at) = (row.late.0, row.slot.0);
    fields(json!({
        "content_id": row.content_id, "extra_content_ids": row.extras.ids(), "account_id": row.account_id,
        "status": row.status,
        "unproven": row.unproven, "priority": row.priority, "scheduled_at": row.scheduled_at,
        "max_retries": row.max_retries, "late_after_seconds": late_after_seconds, "slot_at": slot_at,
        "media_id": row.media_id, "url": row.url,
    }))
}

pub fn task(row: &TaskRow) -> Fields {
    let TaskRow {
        id: _,
        name,
        task_type,
        schedule_type,
        interval_seconds,
        cron,
        run_at,
        timezone,
        params,
        enabled,
        misfire,
        anchor: _,
        next_run,
        last_run: _,
        created_at: _,
        updated_at: _,
        missed_count: _,
        skipped_count: _,
        queued_count: _,
        last_missed_at: _,
        catch_up_next: _,
        catch_up_last: _,
    } = row;
    fields(json!({
        "name": name, "task_type": task_type, "schedule_type": schedule_type,
        "interval_seconds": interval_seconds, "cron": cron, "run_at": run_at, "timezone": timezone,
        "params": parsed(params), "enabled": enabled, "misfire": misfire, "next_run": next_run,
    }))
}

pub fn execution(row: &ExecutionRow) -> Fields {
    fields(json!({"task_id": row.task_id, "status": row.status, "ends_as": row.ends_as}))
}

pub fn token(row: &TokenRow) -> Fields {
    let TokenRow { id: _, name, role, created_at: _, account_ids: _, expires_at, last_used_at: _ } = row;
    fields(json!({
        "name": name, "role": role, "account_ids": row.scope().accounts(), "expires_at": expires_at,
    }))
}

pub fn picture(row: &MediaRow) -> Fields {
    let MediaRow { id: _, sha256, kind, bytes, width, height, name, created_at: _, unused_since: _ } = row;
    fields(json!({
        "sha256": sha256, "kind": kind, "bytes": bytes, "width": width, "height": height, "name": name,
    }))
}

pub fn publishing(paused: Option<&Paused>) -> Fields {
    fields(json!({"paused": paused}))
}
