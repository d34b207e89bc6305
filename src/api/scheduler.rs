//! `/scheduler`: tasks, and their runs.

use super::creating::{Creating, Keyed, answer};
use super::input::{self, Body, not_null};
use super::language::Reader;
use super::problem::{Answer, Problem};
use super::roles::{Caller, asks, asks_within, needs};
use super::{Api, page, page_of_all, paging, query};
use crate::db::executions::{ExecutionRow, Filter};
use crate::domain::execution::{ExecutionStatus, Trigger};
use crate::domain::ids::{ExecutionId, TaskId};
use crate::domain::misfire::Misfire;
use crate::domain::role::Role;
use crate::domain::schedule::ScheduleType;
use crate::domain::time_input::AskedTime;
use crate::operations::cancelling::CancelExecution;
use crate::operations::error::ErrorKind;
use crate::operations::execution::*;
use crate::operations::pause::{PausePublishing, ResumePublishing};
use crate::operations::status::GetStatus;
use crate::operations::task::*;
use crate::operations::task_type::TaskType;
use crate::operations::{Context, OperationError, Paging};
use crate::views::{CancelledExecutionView, ExecutionView, StatusView, TaskView};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// For so long the database may be too busy to be asked how a run is.
const BUSY_MAX: Duration = Duration::from_secs(30);

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/scheduler/status").route(needs(Role::Viewer, web::get().to(status))))
        .service(
            web::resource("/scheduler/task-types")
                .route(asks_within(Role::Viewer, web::get().to(task_types))),
        )
        .service(
            web::resource("/scheduler/tasks")
                .route(asks(Role::Viewer, web::get().to(list)))
                .route(needs(Role::Admin, web::post().to(create))),
        )
        .service(
            web::resource("/scheduler/tasks/{id}")
                .route(needs(Role::Viewer, web::get().to(get)))
                .route(needs(Role::Admin, web::patch().to(update)))
                .route(needs(Role::Admin, web::delete().to(delete))),
        )
        .service(
            web::resource("/scheduler/tasks/{id}/trigger")
                .route(asks(Role::Operator, web::post().to(trigger))),
        )
        .service(
            web::resource("/scheduler/tasks/{id}/enable").route(needs(Role::Admin, web::post().to(enable))),
        )
        .service(
            web::resource("/scheduler/tasks/{id}/disable").route(needs(Role::Admin, web::post().to(disable))),
        )
        .service(
            web::resource("/scheduler/tasks/{id}/executions")
                .route(asks(Role::Viewer, web::get().to(executions_of))),
        )
        .service(web::resource("/scheduler/executions").route(asks(Role::Viewer, web::get().to(executions))))
        .service(
            web::resource("/scheduler/executions/{id}").route(needs(Role::Viewer, web::get().to(execution))),
        )
        .service(
            web::resource("/scheduler/executions/{id}/results")
                .route(asks(Role::Viewer, web::get().to(results))),
        )
        .service(
            web::resource("/scheduler/executions/{id}/cancel")
                .route(needs(Role::Operator, web::post().to(cancel))),
        )
        .service(web::resource("/scheduler/pause").route(needs(Role::Operator, web::post().to(pause))))
        .service(web::resource("/scheduler/resume").route(needs(Role::Operator, web::post().to(resume))));
}

async fn status(api: web::Data<Api>) -> Answer {
    let status = api.db.perform(GetStatus).await?;
    let database = api.crew.database().clone();
    let looked = actix_rt::task::spawn_blocking(move || status.find_the_living(&database)).await;
    let looked = looked.map_err(|error| OperationError::Internal(error.to_string()))?;
    let own = api.crew.row();
    let id = own.id.clone();
    let status = looked.map_err(OperationError::from)?.with_own(own);
    Ok(HttpResponse::Ok().json(StatusView::new(&status, Some(id))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    name: String,
    task_type: String,
    schedule_type: ScheduleType,
    interval_seconds: Option<i64>,
    cron: Option<String>,
    run_at: Option<String>,
    timezone: Option<String>,
    params: Option<Value>,
    enabled: Option<bool>,
    misfire: Option<Misfire>,
    next_run: Option<String>,
}

async fn create(api: web::Data<Api>, caller: Caller, reader: Reader, asked: Creating<CreateBody>) -> Answer {
    let body = asked.body;
    let create = CreateTask {
        name: body.name,
        task_type: body.task_type,
        schedule_type: body.schedule_type,
        interval_seconds: body.interval_seconds,
        cron: body.cron,
        run_at: body.run_at.map(AskedTime::Written),
        next_run: body.next_run.map(AskedTime::Written),
        timezone: body.timezone,
        params: body.params.unwrap_or_else(|| json!({})),
        enabled: body.enabled.unwrap_or(true),
        misfire: body.misfire.unwrap_or(Misfire::FireOnce),
    };
    let shape = move |row, _: &Context, _| json!(TaskView::new(row, reader.0));
    asked.request.once(&api, StatusCode::CREATED, caller.does(create), shape).await
}

async fn list(api: web::Data<Api>, reader: Reader, request: HttpRequest) -> Answer {
    let tasks = api.db.perform(ListTaskPage(paging(&request)?)).await?;
    Ok(HttpResponse::Ok().json(page(tasks, |row| json!(TaskView::new(row, reader.0)))))
}

async fn task_types(api: web::Data<Api>, request: HttpRequest) -> Answer {
    let paging = paging(&request)?;
    let kinds: Vec<&TaskType> = api.cx.task_types.iter().collect();
    Ok(HttpResponse::Ok().json(page_of_all(kinds, paging, TaskType::description)))
}

async fn get(api: web::Data<Api>, reader: Reader, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetTask(input::id("task", &path)?)).await?;
    Ok(HttpResponse::Ok().json(TaskView::new(row, reader.0)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    schedule_type: Option<ScheduleType>,
    #[serde(default, deserialize_with = "not_null")]
    interval_seconds: Option<i64>,
    #[serde(default, deserialize_with = "not_null")]
    cron: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    run_at: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    params: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "not_null")]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    misfire: Option<Misfire>,
    #[serde(default, deserialize_with = "not_null")]
    next_run: Option<String>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    reader: Reader,
    path: web::Path<String>,
    body: Body<UpdateBody>,
) -> Answer {
    let body = body.0;
    let update = UpdateTask {
        id: input::id("task", &path)?,
        name: body.name,
        schedule_type: body.schedule_type,
        interval_seconds: body.interval_seconds,
        cron: body.cron,
        run_at: body.run_at.map(AskedTime::Written),
        next_run: body.next_run.map(AskedTime::Written),
        timezone: body.timezone,
        params: body.params.map(Value::Object),
        enabled: body.enabled,
        misfire: body.misfire,
    };
    Ok(HttpResponse::Ok().json(TaskView::new(api.db.perform(caller.does(update)).await?, reader.0)))
}

async fn enable(api: web::Data<Api>, caller: Caller, reader: Reader, path: web::Path<String>) -> Answer {
    switch(&api, &caller, reader, &path, true).await
}

async fn disable(api: web::Data<Api>, caller: Caller, reader: Reader, path: web::Path<String>) -> Answer {
    switch(&api, &caller, reader, &path, false).await
}

async fn switch(api: &Api, caller: &Caller, reader: Reader, path: &str, enabled: bool) -> Answer {
    let update = UpdateTask { enabled: Some(enabled), ..UpdateTask::new(input::id("task", path)?) };
    Ok(HttpResponse::Ok().json(TaskView::new(api.db.perform(caller.does(update)).await?, reader.0)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    api.db.perform(caller.does(DeleteTask(input::id("task", &path)?))).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggerQuery {
    wait: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct TriggeredView {
    execution_id: ExecutionId,
}

async fn trigger(
    api: web::Data<Api>,
    caller: Caller,
    path: web::Path<String>,
    request: HttpRequest,
    keyed: Keyed,
) -> Answer {
    let query: TriggerQuery = query(&request)?;
    let trigger = TriggerTask { task: input::id("task", &path)?, by: Trigger::Api };
    let shape = |execution_id, _: &Context, _| json!(TriggeredView { execution_id });
    let triggered = keyed.perform(&api, caller.does(trigger), shape).await?;
    if query.wait != Some(true) {
        return Ok(answer(triggered, StatusCode::ACCEPTED));
    }
    let TriggeredView { execution_id: execution } =
        serde_json::from_str(&triggered.body).map_err(|error| OperationError::Internal(error.to_string()))?;
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

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseBody {
    reason: Option<String>,
}

async fn pause(api: web::Data<Api>, caller: Caller, body: Body<PauseBody>) -> Answer {
    let pause = PausePublishing { by: caller.name(), reason: body.0.reason };
    let paused = api.db.perform(caller.does(pause)).await?;
    Ok(HttpResponse::Ok().json(json!({"paused": paused})))
}

async fn resume(api: web::Data<Api>, caller: Caller) -> Answer {
    let was = api.db.perform(caller.does(ResumePublishing { by: caller.name() })).await?;
    Ok(HttpResponse::Ok().json(json!({"paused": null, "was_paused": was})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunsOfQuery {
    status: Option<ExecutionStatus>,
    trigger: Option<Trigger>,
    page: Option<i64>,
    page_size: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunsQuery {
    task_id: Option<TaskId>,
    status: Option<ExecutionStatus>,
    trigger: Option<Trigger>,
    page: Option<i64>,
    page_size: Option<i64>,
}

async fn executions_of(api: web::Data<Api>, path: web::Path<String>, request: HttpRequest) -> Answer {
    let query: RunsOfQuery = query(&request)?;
    let filter = Filter { task: None, status: query.status, triggered_by: query.trigger };
    let of = Some(input::id("task", &path)?);
    list_executions(&api, ListExecutions { of, filter, paging: Paging::new(query.page, query.page_size)? })
        .await
}

async fn executions(api: web::Data<Api>, request: HttpRequest) -> Answer {
    let query: RunsQuery = query(&request)?;
    let filter = Filter { task: query.task_id, status: query.status, triggered_by: query.trigger };
    let paging = Paging::new(query.page, query.page_size)?;
    list_executions(&api, ListExecutions { of: None, filter, paging }).await
}

async fn list_executions(api: &Api, list: ListExecutions) -> Answer {
    Ok(HttpResponse::Ok().json(page(api.db.perform(list).await?, |row| json!(ExecutionView::from(row)))))
}

async fn execution(api: web::Data<Api>, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetExecution(input::id("execution", &path)?)).await?;
    Ok(HttpResponse::Ok().json(ExecutionView::from(row)))
}

async fn results(api: web::Data<Api>, path: web::Path<String>, request: HttpRequest) -> Answer {
    let list = ListResults { execution: input::id("execution", &path)?, paging: paging(&request)? };
    Ok(HttpResponse::Ok().json(page(api.db.perform(list).await?, |result| json!(result))))
}

async fn cancel(api: web::Data<Api>, caller: Caller, path: web::Path<String>) -> Answer {
    let cancel = CancelExecution(input::id("execution", &path)?);
    let cancelled = api.db.perform(caller.does(cancel)).await?;
    let (execution, on_the_wire) = (ExecutionView::from(cancelled.row), cancelled.on_the_wire);
    Ok(HttpResponse::Ok().json(CancelledExecutionView { execution, on_the_wire }))
}
