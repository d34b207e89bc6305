//! What the parameters of several kinds have in common.

use crate::db::accounts;
use crate::db::connection::DbConnection;
use crate::domain::fault::{Fault, TaskFault};
use crate::domain::field_error::FieldError;
use crate::domain::ids::AccountId;
use crate::domain::json_input;
use crate::domain::thing::Thing;
use crate::operations::OperationError;
use crate::operations::broken::Broken;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

/// Reads parameters that are a user's.
pub fn read<P: DeserializeOwned>(params: Value) -> Result<P, OperationError> {
    if let Some(nul) = json_input::find_nul(&params, "params") {
        return Err(OperationError::Invalid(vec![nul]));
    }
    json_input::read(params, "params").map_err(|wrong| OperationError::Invalid(vec![wrong]))
}

/// As they are kept.
pub fn keep<P: Serialize>(params: &P) -> Result<Value, OperationError> {
    Ok(serde_json::to_value(params).map_err(Broken::from)?)
}

/// Reads parameters that were checked when they were saved.
pub fn kept<P: DeserializeOwned>(params: &Value) -> Result<P, OperationError> {
    read(params.clone())
}

/// What is wrong with a list of accounts; each once, in order.
pub fn check_accounts(
    conn: &mut DbConnection,
    ids: &mut Vec<AccountId>,
    wrong: &mut Vec<FieldError>,
) -> Result<(), OperationError> {
    if ids.is_empty() {
        wrong.push(FieldError::new("params.account_ids", TaskFault::NamesNoAccount));
    }
    ids.sort();
    ids.dedup();
    let known = accounts::by_ids(conn, ids)?;
    for id in ids.iter().filter(|id| !known.iter().any(|account| account.id == **id)) {
        wrong.push(FieldError::new("params.account_ids", Fault::NoSuch { thing: Thing::Account, id: id.0 }));
    }
    Ok(())
}

/// What is wrong with a folder on the machine that does the work.
pub fn check_folder(name: &str, folder: &str) -> Option<FieldError> {
    let is_wrong = !Path::new(folder).is_absolute();
    is_wrong.then(|| FieldError::new(format!("params.{name}"), TaskFault::FolderNotAbsolute))
}

/// Whatever was found to be wrong, or what was asked for.
pub fn unless<P: Serialize>(wrong: Vec<FieldError>, params: &P) -> Result<Value, OperationError> {
    if wrong.is_empty() { keep(params) } else { Err(OperationError::Invalid(wrong)) }
}

/// What is wrong with a number.
pub fn check_range(name: &str, number: i64, least: i64, most: i64) -> Option<FieldError> {
    let fault = Fault::OutOfRange { least, most, given: number };
    (!(least..=most).contains(&number)).then(|| FieldError::new(format!("params.{name}"), fault))
}
