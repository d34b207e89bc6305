//! A platform that shows pictures, from the attempt to the disk and back.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::pictures::{drawn, png};
use crate::support::played::Played;
use crate::support::stage::Stage;
use contenthub::domain::content::Article;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::media::{UploadAnswer, UploadPurpose};
use contenthub::domain::media_limits::WECHAT_BODY;
use contenthub::domain::outbound::OutboundAllow;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::operations::media::AddMedia;
use contenthub::platforms::outbound::Outbound;
use contenthub::platforms::pictures::{NotReady, Pictures, Upload};
use contenthub::render::wechat;
use contenthub::{Addition, App, CreateContent, EntryId, EntryStatus};
use futures_util::FutureExt;
use image::ImageFormat;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A web site with one picture, and how often that was asked for.
struct Site {
    url: String,
    asked: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
    /// It sends half of its picture, and does not say how long that is.
    breaks_off: Arc<AtomicBool>,
}

impl Site {
    fn start(picture: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/a.webp", listener.local_addr().expect("an address"));
        let (asked, is_down) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let breaks_off = Arc::<AtomicBool>::default();
        let (count, down, cut) = (asked.clone(), is_down.clone(), breaks_off.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let _ = stream.read(&mut [0; 4096]);
                count.fetch_add(1, Ordering::SeqCst);
                let answer = match down.load(Ordering::SeqCst) {
                    _ if cut.load(Ordering::SeqCst) => {
                        let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                        [&head[..], &picture[..picture.len() / 2]].concat()
                    }
                    true => b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_vec(),
                    false => {
                        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", picture.len());
                        [head.as_bytes(), &picture].concat()
                    }
                };
                let _ = stream.write_all(&answer);
            }
        });
        Site { url, asked, is_down, breaks_off }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// What the platform was given: each upload's bytes.
type Given = Arc<Mutex<Vec<Vec<u8>>>>;

/// Uploads what it was not given yet, as `wechat` does: all pictures first, and nothing where one is missing.
async fn show(pictures: &Pictures, article: &Article, given: &Given) -> Result<(), NotReady> {
    let outbound = Outbound::new(OutboundAllow::loopback());
    let mut all = Vec::new();
    for source in wechat::images(&article.body) {
        let facts = pictures.of(&outbound, &source.0, Duration::from_secs(20)).await?;
        let file = pictures.fitted(&source.0, &facts, &WECHAT_BODY).await?;
        all.push((facts, file));
    }
    for (facts, file) in all {
        let of = Upload { media: facts.sha256, purpose: UploadPurpose::Body, place: "wx".to_owned() };
        if pictures.uploaded(&of).await?.is_none() {
            given.lock().expect("nobody panics with it").push(file.bytes);
            let answer = UploadAnswer { platform_id: None, url: Some("https://mmbiz.example/1".to_owned()) };
            pictures.note(&of, answer).await?;
        }
    }
    Ok(())
}

fn platform(given: Given) -> Played {
    Played::new(DeliveryClass::Keyed, move |call| {
        let given = given.clone();
        async move {
            match show(&call.pictures, &call.article, &given).await {
                Ok(()) => Seen::Accepted(Receipt::default()),
                Err(not_ready) => not_ready.seen(),
            }
        }
        .boxed_local()
    })
}

fn add_text(app: &App, title: &str, body: &str, stage: &Stage) -> EntryId {
    let content = app.create_content(CreateContent::new(title, body)).expect("a content").id;
    let addition = Addition { account: Some(stage.account), ..Addition::of(content) };
    app.add_to_pool(addition).expect("an entry").id
}

#[test]
fn a_picture_is_fetched_fitted_and_uploaded_once() {
    on_both(|url, dir| {
        let given = Given::default();
        let stage = Stage::open(url, dir, platform(given.clone()));
        let site = Site::start(drawn(ImageFormat::WebP, 40, 20));
        let received = stage.app.context().media.receive("a.png", &png(8, 8)[..]).expect("received");
        let address =
            contenthub::views::MediaView::from(stage.app.run(AddMedia(received)).expect("added").row);
        let body = format!("![]({}) ![]({})", address.address, site.url);
        let first = add_text(&stage.app, "first", &body, &stage);
        stage.run();
        assert_eq!(entry(&stage.app, first).status, EntryStatus::Published);
        let uploads = given.lock().expect("given").clone();
        assert_eq!((uploads.len(), site.asked()), (2, 1));
        assert_eq!(uploads[0], png(8, 8), "what fits is given as it is");
        assert!(uploads[1].starts_with(b"\xff\xd8\xff"), "WebP is taken by nobody there");
        // Another content shows the same two: one is fetched anew, and is the same file; none is uploaded again.
        let second = add_text(&stage.app, "second", &body, &stage);
        stage.run();
        assert_eq!(entry(&stage.app, second).status, EntryStatus::Published);
        assert_eq!((given.lock().expect("given").len(), site.asked()), (2, 2));
    });
}

#[test]
fn while_a_picture_cannot_be_had_nothing_is_given_and_a_later_try_goes_well() {
    on_both(|url, dir| {
        let given = Given::default();
        let stage = Stage::open(url, dir, platform(given.clone()));
        let site = Site::start(png(300, 300));
        site.is_down.store(true, Ordering::SeqCst);
        let received = stage.app.context().media.receive("a.png", &png(9, 9)[..]).expect("received");
        let kept = contenthub::views::MediaView::from(stage.app.run(AddMedia(received)).expect("added").row);
        let waits = add_text(&stage.app, "a", &format!("![]({}) ![]({})", kept.address, site.url), &stage);
        stage.run();
        let row = attempts(&stage.app, waits).remove(0);
        assert_eq!(row.error_code.as_deref(), Some("picture_not_fetched"));
        let said = row.error_message.unwrap_or_default();
        let wanted = format!("the picture “{}” could not be fetched: it was answered with 503", site.url);
        assert_eq!(said, wanted);
        let after = entry(&stage.app, waits);
        assert_eq!((after.status, after.unproven), (EntryStatus::Pending, false));
        assert_eq!(given.lock().expect("given").len(), 0, "also not the one that was there");
        site.is_down.store(false, Ordering::SeqCst);
        site.breaks_off.store(true, Ordering::SeqCst);
        stage.clock.forward(Duration::from_secs(3600));
        stage.run();
        let row = attempts(&stage.app, waits).remove(1);
        assert_eq!(row.error_code.as_deref(), Some("picture_not_fetched"));
        let said = row.error_message.unwrap_or_default();
        assert!(said.contains("cannot be read to its end"), "half a picture is not kept: {said}");
        site.breaks_off.store(false, Ordering::SeqCst);
        stage.clock.forward(Duration::from_secs(3600));
        stage.run();
        assert_eq!(entry(&stage.app, waits).status, EntryStatus::Published);
        assert_eq!(given.lock().expect("given").len(), 2);

        // A path that was never imported is nowhere, and no later try finds it.
        let lost = add_text(&stage.app, "b", "![](lost.png)", &stage);
        stage.run();
        let after = entry(&stage.app, lost);
        assert_eq!((after.status, after.unproven), (EntryStatus::Failed, false));
        let row = attempts(&stage.app, lost).remove(0);
        let missing =
            "the picture “lost.png” is not kept here; upload it, or import it together with its text";
        assert_eq!(
            (row.error_code.as_deref(), row.error_message.as_deref()),
            (Some("picture"), Some(missing))
        );
    });
}
