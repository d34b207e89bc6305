//! All routes in one list: each with who may, whose accounts it concerns, what it is for and what it answers. The server's
//! routes and `/api/openapi.json` are both made of it, so that no route is without a role or without documentation.

use super::reading::Reading;
use super::roles::{Concern, authenticate, guarded, without_query};
use crate::domain::role::Role;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, Responder, web};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Below which everything stands that wants a token, but for what watches the server.
pub const V1: &str = "/api/v1";

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever reaches the server.
    Anybody,
    /// Tokens of this role and of those after it.
    Token(Role, Concern),
}

/// A good answer.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    pub status: StatusCode,
    pub about: &'static str,
    pub content: Content,
}

/// What an answer holds.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    Nothing,
    Json(fn(&mut SchemaGenerator) -> Schema),
    Text(&'static str),
    /// A file of one of these kinds.
    File(&'static [&'static str]),
}

/// One route, as far as it can be told.
#[derive(Debug)]
pub struct Told {
    pub method: Method,
    /// The whole of it.
    pub path: String,
    pub access: Access,
    /// What it belongs to.
    pub group: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What else one should know.
    pub about: &'static str,
    pub reading: fn(&mut Reading<'_>),
    pub answers: Vec<Answered>,
    /// Its good answers say which version they show.
    pub is_versioned: bool,
    /// Codes of `error_codes.rs` that come of what it does, beside those that any route like it has.
    pub refusals: &'static [&'static str],
}

/// A route, and what is told of it.
pub struct Route {
    pub told: Told,
    below: &'static str,
    routes: Vec<actix_web::Route>,
}

/// The list.
#[derive(Default)]
pub struct Routes {
    routes: Vec<Route>,
    group: &'static str,
}

/// What a handler takes from its request, told by the types of its arguments.
pub trait Takes {
    /// It reads the query; where none does, a query is refused.
    const QUERY: bool = false;

    fn tell(_: &mut Reading<'_>) {}
}

macro_rules! takes_all {
    ($($argument:ident)*) => {
        impl<$($argument: Takes),*> Takes for ($($argument,)*) {
            const QUERY: bool = false $(|| $argument::QUERY)*;

            #[allow(unused_variables, reason = "where there is no argument")]
            fn tell(reading: &mut Reading<'_>) {
                $($argument::tell(reading);)*
            }
        }
    };
}
takes_all! {}
takes_all! { A }
takes_all! { A B }
takes_all! { A B C }
takes_all! { A B C D }
takes_all! { A B C D E }
takes_all! { A B C D E F }

impl<T> Takes for web::Data<T> {}

/// The only variable part of a path, which is an id.
impl Takes for web::Path<String> {
    fn tell(reading: &mut Reading<'_>) {
        reading.path_id();
    }
}

impl Routes {
    /// What is listed from here on belongs to `group`.
    pub fn group(&mut self, group: &'static str) -> &mut Self {
        self.group = group;
        self
    }

    /// A route below [`V1`], for tokens whose role is `least` or higher.
    pub fn route<F, Args>(
        &mut self,
        (method, path): (Method, &'static str),
        (least, concern): (Role, Concern),
        handler: F,
        summary: &'static str,
    ) -> &mut Route
    where
        F: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + 'static,
    {
        let route = web::method(method.clone()).to(handler);
        // What is wrapped last comes first.
        let route = if Args::QUERY { route } else { without_query(route) };
        let routes = vec![guarded(least, concern, route)];
        self.push(method, (V1, path), Access::Token(least, concern), Args::tell, routes, summary)
    }

    /// A route for GET beside [`V1`] that wants a token all the same.
    pub fn beside<F, Args>(
        &mut self,
        path: &'static str,
        (least, concern): (Role, Concern),
        handler: F,
        summary: &'static str,
    ) -> &mut Route
    where
        F: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + 'static,
    {
        // What is wrapped last comes first.
        let route = guarded(least, concern, without_query(web::get().to(handler)));
        let routes = vec![route.wrap(from_fn(authenticate))];
        self.push(Method::GET, ("", path), Access::Token(least, concern), Args::tell, routes, summary)
    }

    /// A route that wants no token, for GET and HEAD.
    pub fn open<F, Args>(&mut self, path: &'static str, handler: F, summary: &'static str) -> &mut Route
    where
        F: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        F::Output: Responder + 'static,
    {
        let routes = vec![web::get().to(handler.clone()), web::head().to(handler)];
        self.push(Method::GET, ("", path), Access::Anybody, Args::tell, routes, summary)
    }

    fn push(
        &mut self,
        method: Method,
        (base, below): (&str, &'static str),
        access: Access,
        reading: fn(&mut Reading<'_>),
        routes: Vec<actix_web::Route>,
        summary: &'static str,
    ) -> &mut Route {
        let told = Told {
            method,
            path: format!("{base}{below}"),
            access,
            group: self.group,
            summary,
            about: "",
            reading,
            answers: Vec::new(),
            is_versioned: false,
            refusals: &[],
        };
        self.routes.push(Route { told, below, routes });
        let last = self.routes.len() - 1;
        &mut self.routes[last]
    }

    /// What is told of them.
    pub fn told(self) -> impl Iterator<Item = Told> {
        self.routes.into_iter().map(|route| route.told)
    }

    /// Those below [`V1`], or those beside it, for a server. Earlier paths come first: of two that fit, the first is meant.
    pub fn configure(self, below: bool, config: &mut web::ServiceConfig) {
        let mut resources: Vec<(&str, Vec<actix_web::Route>)> = Vec::new();
        let wanted = self.routes.into_iter();
        for route in wanted.filter(|it| it.told.path.starts_with(V1) == below) {
            match resources.iter_mut().find(|(path, _)| *path == route.below) {
                Some((_, methods)) => methods.extend(route.routes),
                None => resources.push((route.below, route.routes)),
            }
        }
        for (path, methods) in resources {
            config.service(methods.into_iter().fold(web::resource(path), actix_web::Resource::route));
        }
    }
}

impl Route {
    /// What its users should know beside the summary.
    pub fn about(&mut self, about: &'static str) -> &mut Self {
        self.told.about = about;
        self
    }

    /// Answers 200 with this.
    pub fn ok<T: JsonSchema>(&mut self) -> &mut Self {
        self.answers::<T>(StatusCode::OK, "Done.")
    }

    /// Answers 201 with this.
    pub fn created<T: JsonSchema>(&mut self) -> &mut Self {
        self.answers::<T>(StatusCode::CREATED, "Made.")
    }

    pub fn answers<T: JsonSchema>(&mut self, status: StatusCode, about: &'static str) -> &mut Self {
        let content = Content::Json(SchemaGenerator::subschema_for::<T>);
        self.told.answers.push(Answered { status, about, content });
        self
    }

    /// Answers 200 with text of this kind.
    pub fn text(&mut self, kind: &'static str) -> &mut Self {
        let content = Content::Text(kind);
        self.told.answers.push(Answered { status: StatusCode::OK, about: "Done.", content });
        self
    }

    /// Answers 200 with a file of one of these kinds.
    pub fn file(&mut self, kinds: &'static [&'static str]) -> &mut Self {
        let content = Content::File(kinds);
        self.told.answers.push(Answered { status: StatusCode::OK, about: "Done.", content });
        self
    }

    /// Answers 204.
    pub fn no_content(&mut self) -> &mut Self {
        let answered = Answered { status: StatusCode::NO_CONTENT, about: "Done.", content: Content::Nothing };
        self.told.answers.push(answered);
        self
    }

    /// Its good answers have an `ETag`.
    pub fn versioned(&mut self) -> &mut Self {
        self.told.is_versioned = true;
        self
    }

    /// Answers 304, too, where its client has what it would show; with an `ETag` in any case.
    pub fn cached(&mut self) -> &mut Self {
        let about = "It is what `If-None-Match` names.";
        let answered = Answered { status: StatusCode::NOT_MODIFIED, about, content: Content::Nothing };
        self.told.answers.push(answered);
        self.versioned()
    }

    /// What may keep it from doing what it does, as codes of `error_codes.rs`.
    pub fn refuses(&mut self, codes: &'static [&'static str]) -> &mut Self {
        self.told.refusals = codes;
        self
    }
}
