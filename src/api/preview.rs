//! What schedules will do: `/scheduler/preview`, and `/scheduler/tasks/{id}/preview`.

use super::input::{self, Body};
use super::language::Reader;
use super::problem::Answer;
use super::roles::{asks, needs_within};
use super::{Api, query};
use crate::domain::role::Role;
use crate::domain::schedule::ScheduleType;
use crate::domain::time_input::AskedTime;
use crate::operations::preview::{Preview, PreviewSchedule, PreviewTask, Span};
use crate::views::PreviewView;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/scheduler/preview")
                .route(needs_within(Role::Viewer, web::post().to(of_schedule))),
        )
        .service(
            web::resource("/scheduler/tasks/{id}/preview").route(asks(Role::Viewer, web::get().to(of_task))),
        );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviewBody {
    schedule_type: ScheduleType,
    interval_seconds: Option<i64>,
    cron: Option<String>,
    run_at: Option<String>,
    timezone: Option<String>,
    next_run: Option<String>,
    from: Option<String>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    from: Option<String>,
    count: Option<i64>,
    /// Read by [`Reader`].
    #[serde(rename = "lang")]
    _lang: Option<String>,
}

async fn of_task(
    api: web::Data<Api>,
    reader: Reader,
    path: web::Path<String>,
    request: HttpRequest,
) -> Answer {
    let asked: PreviewQuery = query(&request)?;
    let span = Span { from: asked.from.map(AskedTime::Written), count: asked.count };
    let asked = PreviewTask { task: input::id("task", &path)?, span };
    answer(&api.db.perform(asked).await?, reader)
}

fn answer(preview: &Preview, reader: Reader) -> Answer {
    let view = PreviewView::new(&preview.schedule, preview.zone, &preview.fires, reader.0);
    Ok(HttpResponse::Ok().json(view))
}
