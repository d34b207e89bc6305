//! The key that seals credentials, changed for a new one, at any moment of which the process may die.
//!
//! The database says which key is in use. So the new key is first put beside the old one where both are kept; then all
//! credentials are sealed anew and the note is changed, in one transaction; and only then the old key is taken away.
//! Before the transaction, everything opens with the old key; after it, with the new one; and both are there.

use crate::app::App;
use crate::operations::OperationError;
use crate::operations::credentials::{GetKeyInUse, SealAnew, Sealed};
use crate::secrets::{KeyFile, SecretError, SecretKey};
use fail::fail_point;
use std::path::PathBuf;

/// Why the key was not changed, or not to the end. Every credential can be opened as before.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error(
        "the key is in CONTENTHUB_SECRET_KEY, which only you can change: make a new key (openssl rand -hex 32), set the \
         variable to both with a comma between, NEW,OLD, for the servers too, restart them, and run this again; then take \
         the old one out"
    )]
    OneKeyGiven,
    #[error(transparent)]
    Key(#[from] SecretError),
    #[error(transparent)]
    Operation(#[from] OperationError),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The fingerprint of the key that was in use; none where nothing had been sealed yet.
    pub from: Option<String>,
    pub to: String,
    /// Accounts whose credentials were sealed anew.
    pub accounts: usize,
    /// Where older keys are kept, which open older copies of the database. None where the keys are in a variable.
    pub set_aside: Vec<PathBuf>,
}

/// Changes the key.
pub fn rotate(app: &App) -> Result<Rotated, RotateError> {
    match app.context().keys.file() {
        Some(file) => in_file(app, file),
        None => given(app),
    }
}

fn in_file(app: &App, file: &KeyFile) -> Result<Rotated, RotateError> {
    let _nobody_else = file.lock()?;
    let held = file.load()?;
    let from = in_use(app)?;
    let next = match (&from, held.first()) {
        // One that was begun and interrupted.
        (Some(from), Some(first)) if first.fingerprint() != from => first.clone(),
        _ => SecretKey::generate(),
    };
    let older: Vec<SecretKey> =
        held.into_iter().filter(|key| key.fingerprint() != next.fingerprint()).collect();
    file.replace(&[&[next.clone()][..], &older].concat())?;
    fail_point!("key_added", |_| Err(OperationError::Overloaded.into()));
    let Sealed { accounts, .. } = app.change(SealAnew { with: next.clone() })?;
    fail_point!("sealed_anew", |_| Err(OperationError::Overloaded.into()));
    let set_aside = older.iter().map(|key| file.set_aside(key)).collect::<Result<_, _>>()?;
    fail_point!("key_set_aside", |_| Err(OperationError::Overloaded.into()));
    file.replace(std::slice::from_ref(&next))?;
    Ok(Rotated { from, to: next.fingerprint().to_owned(), accounts, set_aside })
}

/// The first of the given keys is the one to use.
fn given(app: &App) -> Result<Rotated, RotateError> {
    let held = app.context().keys.all();
    let from = in_use(app)?;
    let next = match &held[..] {
        [next, _, ..] => next.clone(),
        _ => return Err(RotateError::OneKeyGiven),
    };
    let to = next.fingerprint().to_owned();
    let accounts = if from.as_ref() == Some(&to) { 0 } else { app.change(SealAnew { with: next })?.accounts };
    Ok(Rotated { from, to, accounts, set_aside: Vec::new() })
}

/// The key in use, which we have.
fn in_use(app: &App) -> Result<Option<String>, RotateError> {
    let kept = app.run(GetKeyInUse)?;
    match &kept {
        Some(kept) if app.context().keys.get(kept).is_none() => Err(OperationError::WrongSecretKey.into()),
        _ => Ok(kept),
    }
}
