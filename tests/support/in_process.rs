//! The API of an app in this process, without a socket: a test says from which address a request comes, and has the
//! clock in its hand.

use actix_web::body::{MessageBody, to_bytes};
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{HttpResponse, web};
use contenthub::App;
use contenthub::actors::crew::Crew;
use contenthub::actors::db::DbHandle;
use contenthub::actors::event_tail::EventTail;
use contenthub::actors::shared_reads::SharedReads;
use contenthub::actors::token_uses::TokenUses;
use contenthub::api::wrong_tokens::WrongTokens;
use contenthub::api::{Api, Rates, routes};
use contenthub::config::ServerSettings;
use contenthub::node::Node;
use contenthub::operations::cycle::ClaimScope;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// An answer.
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// What a server of this app answers that runs this node.
pub fn ask(app: &App, crew: &Arc<Crew>, db: &DbHandle, request: TestRequest) -> Answered {
    let api = api(app, crew.clone(), db.clone(), TokenUses::default(), 1);
    actix_rt::System::new().block_on(async {
        let service = init_service(actix_web::App::new().service(routes(web::Data::new(api)))).await;
        // The server makes an answer of an error.
        match try_call_service(&service, request.to_request()).await {
            Ok(answer) => answered(answer.into_parts().1).await,
            Err(error) => answered(error.error_response()).await,
        }
    })
}

fn api(app: &App, crew: Arc<Crew>, db: DbHandle, token_uses: TokenUses, wrong_tokens: u32) -> Api {
    Api {
        lists: SharedReads::new(db.clone()),
        tokens: SharedReads::new(db.clone()),
        events: SharedReads::new(db.clone()),
        event_tail: EventTail::new(db.clone(), app.clock().clone()),
        db,
        token_uses,
        wrong_tokens: Arc::new(WrongTokens::new(wrong_tokens)),
        crew,
        cx: app.context().clone(),
        clock: app.clock().clone(),
        sites: PathBuf::new(),
        body_max_bytes: 100_000,
        server: ServerSettings::default(),
        rates: Rates::default(),
    }
}

async fn answered(answer: HttpResponse<impl MessageBody>) -> Answered {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = to_bytes(answer.into_body()).await.ok().expect("a body");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answered { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default(), text }
}

type Ask = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answered>>;

pub struct InProcess {
    pub token_uses: TokenUses,
    ask: Ask,
    node: Option<Node>,
    system: actix_rt::SystemRunner,
}

impl InProcess {
    /// With so many wrong tokens a minute that are merely refused.
    pub fn start(app: &App, wrong_tokens: u32) -> Self {
        let system = actix_rt::System::new();
        let token_uses = TokenUses::default();
        let (node, ask) = system.block_on(async {
            let node = app.start_node(ClaimScope::Everything).await.expect("a node");
            let api = api(app, node.crew.clone(), node.db.clone(), token_uses.clone(), wrong_tokens);
            let api = web::Data::new(api);
            let service = Rc::new(init_service(actix_web::App::new().service(routes(api))).await);
            let ask: Ask = Box::new(move |request| {
                let service = service.clone();
                async move {
                    // The server makes an answer of an error.
                    match try_call_service(&*service, request.to_request()).await {
                        Ok(answer) => answered(answer.into_parts().1).await,
                        Err(error) => answered(error.error_response()).await,
                    }
                }
                .boxed_local()
            });
            (node, ask)
        });
        InProcess { token_uses, ask, node: Some(node), system }
    }

    pub fn ask(&self, request: TestRequest) -> Answered {
        self.system.block_on((self.ask)(request))
    }

    /// `GET` with this token, from this address.
    pub fn get(&self, path: &str, token: &str, from: &str) -> Answered {
        let request = TestRequest::get()
            .uri(path)
            .peer_addr(format!("{from}:40000").parse().expect("an address"))
            .insert_header(("authorization", format!("Bearer {token}")));
        self.ask(request)
    }

    /// Has it written when tokens were used, as the server does now and then.
    pub fn write_uses(&self) {
        let node = self.node.as_ref().expect("it runs");
        self.system.block_on(self.token_uses.write(&node.db));
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            self.system.block_on(node.stop(Duration::ZERO));
        }
    }
}
