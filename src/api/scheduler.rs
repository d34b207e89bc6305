//! `/scheduler`: how publishing stands, and tasks. Their runs are in `runs.rs`.

use super::creating::Creating;
use super::input::{self, Body, NoBody, not_null};
use super::language::Reader;
use super::openapi::inputs;
use super::problem::Answer;
use super::query::Query;
use super::roles::{Caller, Concern};
use super::routes::Routes;
use super::versions::{IfMatch, versioned};
use super::{Api, PageQuery, page, page_of_all};
use crate::db::tasks::Filter;
use crate::domain::misfire::Misfire;
use crate::domain::role::Role;
use crate::domain::schedule::ScheduleType;
use crate::domain::time_input::AskedTime;
use crate::operations::acting::As;
use crate::operations::broken::Broken;
use crate::operations::pause::{PausePublishing, ResumePublishing};
use crate::operations::status::GetStatus;
use crate::operations::task::*;
use crate::operations::task_type::{Description, TaskType};
use crate::operations::versions::IfStill;
use crate::operations::versions::Versioned;
use crate::operations::{Context, OperationError, Paging};
use crate::views::{PageView, PausedView, ResumedView, StatusView, TaskView};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub fn routes(routes: &mut Routes) {
    let (viewer, admin) = ((Role::Viewer, Concern::All), (Role::Admin, Concern::All));
    let operator = (Role::Operator, Concern::All);
    routes.group("Publishing as a whole");
    routes
        .route((Method::GET, "/scheduler/status"), viewer, status, "Show how publishing stands")
        .about("What is wrong, the nodes and the lanes. Watch `ok` and `oldest_due_seconds`.")
        .ok::<StatusView>();
    routes
        .route((Method::POST, "/scheduler/pause"), operator, pause, "Pause all publishing")
        .about("Until it is resumed, also over a restart.")
        .ok::<PausedView>();
    routes
        .route((Method::POST, "/scheduler/resume"), operator, resume, "Resume publishing")
        .ok::<ResumedView>();
    routes.group("Tasks");
    routes
        .route(
            (Method::GET, "/scheduler/task-types"),
            (Role::Viewer, Concern::Own),
            task_types,
            "List the kinds of tasks",
        )
        .about("What each does, with the JSON Schema of its params.")
        .ok::<PageView<Description>>();
    routes
        .route((Method::GET, "/scheduler/tasks"), viewer, list, "List tasks")
        .about("In the order in which they were made.")
        .ok::<PageView<TaskView>>();
    routes
        .route((Method::POST, "/scheduler/tasks"), admin, create, "Create a task")
        .created::<TaskView>()
        .refuses(&["name_taken", "not_found"]);
    routes
        .route((Method::GET, "/scheduler/tasks/{id}"), viewer, get, "Show a task")
        .about("Its runs do not make another version of it.")
        .ok::<TaskView>()
        .versioned();
    routes
        .route((Method::PATCH, "/scheduler/tasks/{id}"), admin, update, "Change a task")
        .about("Only what is sent is changed; `params` are replaced as a whole.")
        .ok::<TaskView>()
        .versioned()
        .refuses(&["name_taken"]);
    routes
        .route((Method::DELETE, "/scheduler/tasks/{id}"), admin, delete, "Delete a task")
        .about("A run of it takes nothing new.")
        .no_content();
    routes
        .route((Method::POST, "/scheduler/tasks/{id}/enable"), admin, enable, "Enable a task")
        .about("Its next run is computed from now.")
        .ok::<TaskView>()
        .versioned();
    routes
        .route((Method::POST, "/scheduler/tasks/{id}/disable"), admin, disable, "Disable a task")
        .about("A run of it takes nothing new.")
        .ok::<TaskView>()
        .versioned();
}

async fn status(api: web::Data<Api>) -> Answer {
    let status = api.db.perform(GetStatus).await?;
    let database = api.crew.database().clone();
    let looked = actix_rt::task::spawn_blocking(move || status.find_the_living(&database)).await;
    let looked = looked.map_err(|error| OperationError::from(Broken::Said(error.to_string())))?;
    let (own, unwritten) = (api.crew.row(), api.crew.unwritten());
    let id = own.id.clone();
    let status = looked.map_err(OperationError::from)?.with_own(own);
    Ok(HttpResponse::Ok().json(StatusView::new(&status, Some((id, unwritten)))))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TaskCreate")]
struct CreateBody {
    name: String,
    task_type: String,
    schedule_type: ScheduleType,
    /// Of an `interval`.
    #[schemars(range(min = 1, max = 31_622_400))]
    interval_seconds: Option<i64>,
    /// Five or six fields, of a `cron`.
    cron: Option<String>,
    /// Of a `once`.
    #[schemars(with = "Option<inputs::Time>")]
    run_at: Option<String>,
    /// Without it, the server's.
    timezone: Option<String>,
    /// As the schema of its kind says.
    #[schemars(with = "Option<Map<String, Value>>")]
    params: Option<Value>,
    /// Without it, true.
    enabled: Option<bool>,
    misfire: Option<Misfire>,
    /// The first run of an `interval`.
    #[schemars(with = "Option<inputs::Time>")]
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

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TasksQuery")]
struct ListQuery {
    /// Part of the name.
    q: Option<String>,
    /// One of `GET /scheduler/task-types`.
    task_type: Option<String>,
    enabled: Option<bool>,
    #[schemars(range(min = 1, max = 1_000_000_000))]
    page: Option<i64>,
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<i64>,
    // Read by `Reader`.
    #[serde(rename = "lang")]
    #[schemars(skip)]
    _lang: Option<String>,
}

async fn list(api: web::Data<Api>, reader: Reader, asked: Query<ListQuery>) -> Answer {
    let asked = asked.0;
    let paging = Paging::new(asked.page, asked.page_size)?;
    let filter = Filter { name: asked.q, task_type: asked.task_type, enabled: asked.enabled };
    let tasks = api.db.perform(ListTaskPage { filter, paging }).await?;
    Ok(HttpResponse::Ok().json(page(tasks, |row| TaskView::new(row, reader.0))))
}

async fn task_types(api: web::Data<Api>, asked: Query<PageQuery>) -> Answer {
    let paging = asked.0.paging()?;
    let kinds: Vec<&TaskType> = api.cx.task_types.iter().collect();
    Ok(HttpResponse::Ok().json(page_of_all(kinds, paging, TaskType::description)))
}

async fn get(api: web::Data<Api>, reader: Reader, path: web::Path<String>) -> Answer {
    let row = api.db.perform(GetTask(input::id("task", &path)?)).await?;
    Ok(versioned(&row.version(), TaskView::new(row, reader.0)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TaskUpdate")]
struct UpdateBody {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "ScheduleType")]
    schedule_type: Option<ScheduleType>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "i64", range(min = 1, max = 31_622_400))]
    interval_seconds: Option<i64>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    cron: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "inputs::Time")]
    run_at: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Map<String, Value>")]
    params: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "bool")]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Misfire")]
    misfire: Option<Misfire>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "inputs::Time")]
    next_run: Option<String>,
}

async fn update(
    api: web::Data<Api>,
    caller: Caller,
    reader: Reader,
    path: web::Path<String>,
    still: IfMatch,
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
    let row = api.db.perform(caller.does(still.of(update))).await?;
    Ok(versioned(&row.version(), TaskView::new(row, reader.0)))
}

async fn enable(
    api: web::Data<Api>,
    caller: Caller,
    reader: Reader,
    path: web::Path<String>,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    let update = UpdateTask { enabled: Some(true), ..UpdateTask::new(input::id("task", &path)?) };
    switched(&api, caller.does(still.of(update)), reader).await
}

async fn disable(
    api: web::Data<Api>,
    caller: Caller,
    reader: Reader,
    path: web::Path<String>,
    still: IfMatch,
    _: NoBody,
) -> Answer {
    let update = UpdateTask { enabled: Some(false), ..UpdateTask::new(input::id("task", &path)?) };
    switched(&api, caller.does(still.of(update)), reader).await
}

async fn switched(api: &Api, update: As<IfStill<UpdateTask>>, reader: Reader) -> Answer {
    let row = api.db.perform(update).await?;
    Ok(versioned(&row.version(), TaskView::new(row, reader.0)))
}

async fn delete(api: web::Data<Api>, caller: Caller, path: web::Path<String>, still: IfMatch) -> Answer {
    api.db.perform(caller.does(still.of(DeleteTask(input::id("task", &path)?)))).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pause")]
struct PauseBody {
    #[schemars(length(max = 500))]
    reason: Option<String>,
}

async fn pause(api: web::Data<Api>, caller: Caller, body: Body<PauseBody>) -> Answer {
    let pause = PausePublishing { by: caller.name(), reason: body.0.reason };
    let paused = api.db.perform(caller.does(pause)).await?;
    Ok(HttpResponse::Ok().json(PausedView { paused }))
}

async fn resume(api: web::Data<Api>, caller: Caller, _: NoBody) -> Answer {
    let was = api.db.perform(caller.does(ResumePublishing { by: caller.name() })).await?;
    Ok(HttpResponse::Ok().json(ResumedView { paused: None, was_paused: was }))
}
