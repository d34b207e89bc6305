//! What schedules will do: `/scheduler/preview`, and `/scheduler/tasks/{id}/preview`.

use super::Api;
use super::input::{self, Body};
use super::language::Reader;
use super::openapi::inputs;
use super::problem::Answer;
use super::query::Query;
use super::roles::Concern;
use super::routes::Routes;
use crate::domain::role::Role;
use crate::domain::schedule::ScheduleType;
use crate::domain::time_input::AskedTime;
use crate::operations::preview::{Preview, PreviewSchedule, PreviewTask, Span};
use crate::views::PreviewView;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

pub fn routes(routes: &mut Routes) {
    routes.group("Tasks");
    routes
        .route(
            (Method::POST, "/scheduler/preview"),
            (Role::Viewer, Concern::Own),
            of_schedule,
            "Preview a schedule",
        )
        .about("When a task with it would run, and what it says in words. Nothing is made.")
        .ok::<PreviewView>();
    routes
        .route(
            (Method::GET, "/scheduler/tasks/{id}/preview"),
            (Role::Viewer, Concern::All),
            of_task,
            "Preview a task",
        )
        .about("When it will run.")
        .ok::<PreviewView>();
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PreviewSchedule")]
struct PreviewBody {
    schedule_type: ScheduleType,
    #[schemars(range(min = 1, max = 31_622_400))]
    interval_seconds: Option<i64>,
    /// Five or six fields.
    cron: Option<String>,
    #[schemars(with = "Option<inputs::Time>")]
    run_at: Option<String>,
    timezone: Option<String>,
    #[schemars(with = "Option<inputs::Time>")]
    next_run: Option<String>,
    /// Those after this; without it, after now.
    #[schemars(with = "Option<inputs::Time>")]
    from: Option<String>,
    #[schemars(range(min = 1, max = 1000))]
    count: Option<i64>,
}

async fn of_schedule(api: web::Data<Api>, reader: Reader, body: Body<PreviewBody>) -> Answer {
    let body = body.0;
    let asked = PreviewSchedule {
        schedule_type: body.schedule_type,
        interval_seconds: body.interval_seconds,
        cron: body.cron,
        run_at: body.run_at.map(AskedTime::Written),
        timezone: body.timezone,
        next_run: body.next_run.map(AskedTime::Written),
        span: Span { from: body.from.map(AskedTime::Written), count: body.count },
    };
    answer(&api.db.perform(asked).await?, reader)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PreviewQuery")]
struct PreviewQuery {
    /// Those after this; without it, after now.
    #[schemars(with = "Option<inputs::Time>")]
    from: Option<String>,
    #[schemars(range(min = 1, max = 1000))]
    count: Option<i64>,
    // Read by `Reader`.
    #[serde(rename = "lang")]
    #[schemars(skip)]
    _lang: Option<String>,
}

async fn of_task(
    api: web::Data<Api>,
    reader: Reader,
    path: web::Path<String>,
    asked: Query<PreviewQuery>,
) -> Answer {
    let asked = asked.0;
    let span = Span { from: asked.from.map(AskedTime::Written), count: asked.count };
    let asked = PreviewTask { task: input::id("task", &path)?, span };
    answer(&api.db.perform(asked).await?, reader)
}

fn answer(preview: &Preview, reader: Reader) -> Answer {
    let view = PreviewView::new(&preview.schedule, preview.zone, &preview.fires, reader.0);
    Ok(HttpResponse::Ok().json(view))
}
