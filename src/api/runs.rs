//! `/scheduler`: the runs of tasks, begun, looked at and ended.

use super::creating::{Keyed, answer};
use super::input::{self, NoBody};
use super::problem::{Answer, Problem};
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::{Api, PageQuery, page};
use crate::db::executions::{ExecutionRow, Filter};
use crate::domain::execution::{ExecutionStatus, Trigger};
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::report::{EntryResult, Report};
use crate::domain::role::Role;
use crate::operations::broken::Broken;
use crate::operations::cancelling::CancelExecution;
use crate::operations::error::ErrorKind;
use crate::operations::execution::*;
use crate::operations::{Context, OperationError, Paging};
use crate::views::{CancelledExecutionView, ExecutionView, PageView, TriggeredView};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// For so long the database may be too busy to be asked how a run is.
const BUSY_MAX: Duration = Duration::from_secs(30);

pub fn routes(routes: &mut Routes) {
    let (viewer, operator) = ((Role::Viewer, Concern::All), (Role::Operator, Concern::All));
    routes.group("Runs");
    routes
        .route((Method::POST, "/scheduler/tasks/{id}/trigger"), operator, trigger, "Run a task now")
        .about("A task never runs twice at once: while it runs, this is the one run that follows.")
        .answers::<TriggeredView>(StatusCode::ACCEPTED, "It was begun, or follows the run that is on.")
        .answers::<Report>(StatusCode::OK, "It has ended, and this is its report (`wait=true`).")
        .refuses(&["no_report", "wrong_state"]);
    routes
        .route((Method::GET, "/scheduler/tasks/{id}/executions"), viewer, executions_of, "List a task's runs")
        .about("The newest first.")
        .ok::<PageView<ExecutionView>>();
    routes
        .route((Method::GET, "/scheduler/executions"), viewer, executions, "List runs")
        .about("The newest first.")
        .ok::<PageView<ExecutionView>>();
    routes
        .route((Method::GET, "/scheduler/executions/{id}"), viewer, execution, "Show a run")
        .ok::<ExecutionView>();
    routes
        .route((Method::GET, "/scheduler/executions/{id}/results"), viewer, results, "List what a run tried")
        .about("All of it, also where its report has been cut short.")
        .ok::<PageView<EntryResult>>();
    routes
        .route((Method::POST, "/scheduler/executions/{id}/cancel"), operator, cancel, "End a run")
        .about("It takes nothing new; what is on the wire ends first.")
        .ok::<CancelledExecutionView>()
        .refuses(&["wrong_state"]);
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TriggerQuery")]
struct TriggerQuery {
    /// Answers with the report, once the run has ended.
    wait: Option<bool>,
}

async fn trigger(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    query: Query<TriggerQuery>,
    keyed: Keyed,
) -> Answer {
    let trigger = TriggerTask { task: input::id("task", &path)?, by: Trigger::Api };
    let shape = |execution_id, _: &Context, _| json!(TriggeredView { execution_id });
    let triggered = keyed.perform(&api, caller.does(trigger), shape).await?;
    if query.0.wait != Some(true) {
        return Ok(answer(triggered, StatusCode::ACCEPTED));
    }
    let TriggeredView { execution_id: execution } =
        serde_json::from_str(&triggered.body).map_err(|error| OperationError::from(Broken::from(error)))?;
    let row = wait_for(&api, execution).await?;
    if row.report.is_none() {
        let detail = format!("execution {execution} ended as {} without a report", row.status);
        return Err(Problem::new(StatusCode::CONFLICT, "no_report", detail));
    }
    Ok(HttpResponse::Ok().json(ExecutionView::from(row).report))
}

/// Waits for the end of a run, wherever it runs. A client that leaves ends the wait, not the run.
async fn wait_for(api: &Api, execution: ExecutionId) -> Result<ExecutionRow, Problem> {
    let mut pause = Duration::from_millis(5);
    let mut last_answer = api.clock.monotonic();
    loop {
        match api.db.perform(GetExecution(execution)).await {
            Ok(row) if !matches!(row.status, ExecutionStatus::Queued | ExecutionStatus::Running) => {
                return Ok(row);
            }
            Ok(_) => last_answer = api.clock.monotonic(),
            // Told at once, it would be taken for a run that did not begin, and be asked for again.
            Err(error)
                if error.kind() == ErrorKind::Unavailable
                    && api.clock.monotonic() - last_answer < BUSY_MAX => {}
            Err(error) => return Err(error.into()),
        }
        api.clock.sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RunsOfTaskQuery")]
struct RunsOfQuery {
    status: Option<ExecutionStatus>,
    trigger: Option<Trigger>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RunsQuery")]
struct RunsQuery {
    task_id: Option<TaskId>,
    status: Option<ExecutionStatus>,
    trigger: Option<Trigger>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
}

async fn executions_of(api: web::Data<Api>, path: web::Path<String>, query: Query<RunsOfQuery>) -> Answer {
    let query = query.0;
    let filter = Filter { task: None, status: query.status, triggered_by: query.trigger };
    let of = Some(input::id("task", &path)?);
    list_executions(&api, ListExecutions { of, filter, paging: Paging::new(query.page, query.page_size)? })
        .await
}

async fn executions(api: web::Data<Api>, query: Query<RunsQuery>) -> Answer {
    let query = query.0;
    let filter = Filter { task: query.task_id, status: query.status, triggered_by: query.trigger };
    let paging = Paging::new(query.page, query.page_size)?;
    list_executions(&api, ListExecutions { of: None, filter, paging }).await
}

async fn list_executions(api: &Api, list: ListExecutions) -> Answer {
    Ok(HttpResponse::Ok().json(page(api.db.perform(list).await?, ExecutionView::from)))
}

async fn execution(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetExecution(input::id("execution", &path)?)).await?;
    Ok(HttpResponse::Ok().json(ExecutionView::from(row)))
}

async fn results(api: web::Data<Api>, path: web::Path<String>, asked: Query<PageQuery>) -> Answer {
    let list = ListResults { execution: input::id("execution", &path)?, paging: asked.0.paging()? };
    Ok(HttpResponse::Ok().json(page(api.db.perform(list).await?, |result| result)))
}

async fn cancel(api: web::Data<Api>, caller: Caller, path: web::Path<String>, _: NoBody) -> Answer {
    let cancel = CancelExecution(input::id("execution", &path)?);
    let cancelled = api.db.perform(caller.does(cancel)).await?;
    let (execution, on_the_wire) = (ExecutionView::from(cancelled.row), cancelled.on_the_wire);
    Ok(HttpResponse::Ok().json(CancelledExecutionView { execution, on_the_wire }))
}
