//! How our words and numbers are read from columns. Writing needs none of this: ids and words give their inner value.

use crate::domain::account::{OnSimilar, OnUnknown};
use crate::domain::clock::Timestamp;
use crate::domain::content::ReviewStatus;
use crate::domain::entry::EntryStatus;
use crate::domain::event::EventKind;
use crate::domain::execution::{ExecutionStatus, RunRule, Trigger};
use crate::domain::extras::Extras;
use crate::domain::ids::*;
use crate::domain::media::{MediaHash, MediaKind, UploadPurpose};
use crate::domain::misfire::Misfire;
use crate::domain::posting_slots::MissedSlot;
use crate::domain::priority::Priority;
use crate::domain::resource::Resource;
use crate::domain::role::Role;
use crate::domain::schedule::ScheduleType;
use crate::domain::settlement::LogStatus;
use diesel::backend::Backend;
use diesel::deserialize::{FromSql, Queryable, Result};
use diesel::sql_types::{BigInt, Integer, SingleValue, Text};

macro_rules! read_as {
    ($sql:ty, $inner:ty => $($name:ty: $make:expr),+ $(,)?) => {$(
        impl<DB: Backend> FromSql<$sql, DB> for $name
        where
            $inner: FromSql<$sql, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> Result<Self> {
                let make: fn($inner) -> Result<$name> = $make;
                make(<$inner as FromSql<$sql, DB>>::from_sql(bytes)?)
            }
        }

        impl<DB: Backend, ST: SingleValue> Queryable<ST, DB> for $name
        where
            $name: FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> Result<Self> {
                Ok(row)
            }
        }
    )+};
}

read_as! { BigInt, i64 =>
    EntryId: |id| Ok(EntryId(id)),
    ContentId: |id| Ok(ContentId(id)),
    AccountId: |id| Ok(AccountId(id)),
    TaskId: |id| Ok(TaskId(id)),
    ExecutionId: |id| Ok(ExecutionId(id)),
    LogId: |id| Ok(LogId(id)),
    TokenId: |id| Ok(TokenId(id)),
    AuditId: |id| Ok(AuditId(id)),
    MediaId: |id| Ok(MediaId(id)),
    Timestamp: |micros| Ok(Timestamp::from_micros(micros)),
}

read_as! { Integer, i32 =>
    Priority: |number| Ok(Priority::try_from(number)?),
}

read_as! { Text, String =>
    NodeId: |text| Ok(NodeId(text)),
    Extras: |list| Ok(Extras::kept(&list)),
    IdempotencyKey: |text| Ok(IdempotencyKey(text)),
    EntryStatus: |text| Ok(text.parse()?),
    ReviewStatus: |text| Ok(text.parse()?),
    EventKind: |text| Ok(text.parse()?),
    ExecutionStatus: |text| Ok(text.parse()?),
    RunRule: |text| Ok(text.parse()?),
    Trigger: |text| Ok(text.parse()?),
    LogStatus: |text| Ok(text.parse()?),
    OnUnknown: |text| Ok(text.parse()?),
    OnSimilar: |text| Ok(text.parse()?),
    Misfire: |text| Ok(text.parse()?),
    MissedSlot: |text| Ok(text.parse()?),
    ScheduleType: |text| Ok(text.parse()?),
    Role: |text| Ok(text.parse()?),
    Resource: |text| Ok(text.parse()?),
    MediaKind: |text| Ok(text.parse()?),
    UploadPurpose: |text| Ok(text.parse()?),
    MediaHash: |text| Ok(text.parse()?),
}
