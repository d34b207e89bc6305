//! Accounts, found and looked at.

use crate::db::accounts::{self, AccountRow, Filter};
use crate::db::connection::DbConnection;
use crate::domain::clock::Timestamp;
use crate::domain::thing::Thing;
use crate::operations::{Access, Context, Operation, OperationError, Page, Paging};

/// Finds an account by its number, or else by its name.
#[derive(Debug, Clone)]
pub struct FindAccount(pub String);

impl Operation for FindAccount {
    type Output = AccountRow;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<AccountRow, OperationError> {
        let id = self.0.parse().ok();
        let row = match id.map(|id| accounts::get(conn, id)).transpose()?.flatten() {
            Some(row) => Some(row),
            None => accounts::by_name(conn, &self.0)?,
        };
        if let Some(row) = row {
            return Ok(row);
        }
        let known = accounts::list(conn)?;
        Err(OperationError::no_such_name(Thing::Account, &self.0, known.iter().map(|it| it.name.as_str())))
    }
}

#[derive(Debug, Clone, Copy)]
pub struct ListAccounts;

impl Operation for ListAccounts {
    type Output = Vec<AccountRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Vec<AccountRow>, OperationError> {
        Ok(accounts::list(conn)?)
    }
}

/// A page of the accounts, in the order in which they were made.
#[derive(Debug, Clone)]
pub struct ListAccountPage {
    pub filter: Filter,
    pub paging: Paging,
}

impl Operation for ListAccountPage {
    type Output = Page<AccountRow>;
    const ACCESS: Access = Access::Read;

    fn run(
        self,
        conn: &mut DbConnection,
        _: &Context,
        _: Timestamp,
    ) -> Result<Page<AccountRow>, OperationError> {
        let (limit, offset) = (self.paging.limit(), self.paging.offset());
        Ok(self.paging.of(accounts::page(conn, &self.filter, limit, offset)?))
    }
}
