//! Things by the name that a person gives them.

use super::{Access, Context, Operation, OperationError};
use crate::db::connection::DbConnection;
use crate::db::tasks;
use crate::domain::clock::Timestamp;
use crate::domain::ids::TaskId;
use crate::domain::thing::Thing;

/// A task by its name, else by its id. One that there is not is told with the nearest name.
#[derive(Debug, Clone)]
pub struct FindTask(pub String);

impl Operation for FindTask {
    type Output = TaskId;
    const ACCESS: Access = Access::Read;

    fn run(self, conn: &mut DbConnection, _: &Context, _: Timestamp) -> Result<TaskId, OperationError> {
        let given = &self.0;
        // Most people write the number.
        if let Ok(id) = given.parse::<TaskId>()
            && tasks::get(conn, id)?.is_some()
        {
            return Ok(id);
        }
        if let Some(id) = tasks::named(conn, given)? {
            return Ok(id);
        }
        let all = tasks::list(conn)?;
        let names = all.iter().map(|task| task.name.as_str());
        Err(OperationError::no_such_name(Thing::Task, given, names))
    }
}
