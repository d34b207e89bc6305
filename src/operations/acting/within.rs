//! What somebody may change who is for some accounts only, where that is more than the thing itself.

use super::{Change, check, own_content, see_account};
use crate::db::accounts;
use crate::db::connection::DbConnection;
use crate::db::contents;
use crate::db::entries::Looked;
use crate::domain::fault::PoolFault;
use crate::domain::resource::{Resource, Subject};
use crate::domain::scope::Scope;
use crate::domain::thing::Thing;
use crate::operations::OperationError;
use crate::operations::account::UpdateAccount;
use crate::operations::content::{CreateContent, DeleteContent, UpdateContent};
use crate::operations::media::AddMedia;
use crate::operations::pool::{AddToAccounts, AddToPool, Addition, BatchAdd, only_enabled};
use crate::operations::publish_now::PublishContent;
use crate::operations::slots::{Move, MoveEntry};

/// A name is unique among all accounts: another one would tell whether somebody else has it.
pub(super) fn account_updated(
    it: &mut UpdateAccount,
    conn: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    let subject = it.subject();
    check(conn, scope, subject)?;
    let Some(name) = &it.name else { return Ok(()) };
    let row = accounts::get(conn, it.id)?;
    match row.is_some_and(|row| row.name != *name) {
        true => Err(OperationError::OutOfScope { subject, scope: scope.clone() }),
        false => Ok(()),
    }
}

pub(super) fn created(
    it: &mut CreateContent,
    _: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    it.account.map_or(Ok(()), |account| see_account(scope, account))
}

/// A picture belongs to no account: whoever writes contents may bring theirs.
pub(super) fn everybodys(_: &mut AddMedia, _: &mut DbConnection, _: &Scope) -> Result<(), OperationError> {
    Ok(())
}

pub(super) fn updated(
    it: &mut UpdateContent,
    conn: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    check(conn, scope, it.subject())?;
    it.account.flatten().map_or(Ok(()), |account| see_account(scope, account))
}

/// Its entries go with it, also those that have ended.
pub(super) fn deleted(
    it: &mut DeleteContent,
    conn: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    own_content(conn, scope, it.0, Looked::All)
}

pub(super) fn moved(
    it: &mut MoveEntry,
    conn: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    check(conn, scope, it.subject())?;
    match it.to {
        Move::SwapWith(other) => check(conn, scope, Subject::new(Resource::Entry, other.0)),
        Move::First | Move::Up | Move::Down => Ok(()),
    }
}

pub(super) fn added(
    it: &mut AddToPool,
    conn: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    settle_account(&mut it.0, conn, scope)
}

pub(super) fn added_now(
    it: &mut PublishContent,
    conn: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    settle_account(&mut it.addition, conn, scope)
}

pub(super) fn added_to_several(
    it: &mut AddToAccounts,
    _: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    it.accounts.iter().try_for_each(|account| see_account(scope, *account))
}

pub(super) fn batch_added(
    it: &mut BatchAdd,
    conn: &mut DbConnection,
    scope: &Scope,
) -> Result<(), OperationError> {
    for (index, item) in it.items.iter_mut().enumerate() {
        settle_account(item, conn, scope)
            .map_err(|error| OperationError::InBatch { index, error: Box::new(error) })?;
    }
    Ok(())
}

/// Names the account of an addition that names none, as far as somebody may choose: the content's own, else the only
/// enabled one of theirs.
fn settle_account(item: &mut Addition, conn: &mut DbConnection, scope: &Scope) -> Result<(), OperationError> {
    if let Some(account) = item.account {
        return see_account(scope, account);
    }
    let own = contents::account_of(conn, item.content)?;
    let own = own.ok_or_else(|| OperationError::not_found(Thing::Content, item.content))?;
    let account = match own {
        Some(own) if scope.sees(own) => own,
        Some(_) => {
            let fault = PoolFault::OwnAccountElsewhere(scope.clone());
            return Err(OperationError::invalid("account_id", fault));
        }
        None => only_enabled(&accounts::by_ids(conn, &scope.accounts().unwrap_or_default())?)?,
    };
    item.account = Some(account);
    Ok(())
}
