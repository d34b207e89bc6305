//! What publishing in WeChat takes: time, beside what WeChat itself takes, and memory. Of a release build:
//!
//!     cargo build --release && cp target/release/contenthub target/debug/ && \
//!         CONTENTHUB_FIGURES=1 cargo test --test it wechat::figures -- --nocapture

use super::*;
use crate::support::command::Server;
use crate::support::pictures::upload;
use crate::support::product::{Product, id};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use std::time::Instant;

const ARTICLES: usize = 100;
const PICTURES: usize = 5;
const LATENCY: Duration = Duration::from_millis(20);
/// How much longer than its calls one after another must take; a debug build, beside other tests, is given more.
const TIMES_MOST: f64 = 1.2;
const TIMES_MOST_DEBUG: f64 = 3.0;
/// In the source; fewer are left for readers to see, and more than 20,000 WeChat takes of nobody.
const CHARACTERS: usize = 20_000;
const ADDITIONS: usize = 21;
const RENDERED_WITHIN: Duration = Duration::from_millis(5);
const RENDERED_WITHIN_DEBUG: Duration = Duration::from_millis(500);
const MEMORY_MAX_MB: u64 = 120;
const PATIENCE: Duration = Duration::from_secs(120);

fn is_of_release() -> bool {
    std::env::var_os("CONTENTHUB_FIGURES").is_some()
}

/// The most that the server had in memory, in MB.
fn memory_mb(server: &Server) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("a process");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).expect("a number") / 1024
}

/// A server with an account of a simulated WeChat.
fn stage(dir: &Path, latency: Duration) -> (Product, WeChat, i64) {
    let product = Product::start(&DatabaseUrl::in_data_dir(dir), dir);
    let wechat = WeChat::start_with(Arc::new(SteppedClock::new()));
    wechat.behave(|behaviour| behaviour.latency = latency);
    let account = json!({
        "name": "gzh", "platform": "wechat", "credentials": {"app_secret": SECRET},
        "settings": {"appid": APPID, "api_base_url": wechat.url()},
    });
    let account = id(&product.post("/accounts", &account, 201));
    (product, wechat, account)
}

/// The address of a picture that was uploaded.
fn kept(product: &Product, bytes: &[u8]) -> String {
    let answer = upload(&product.server, "a.png", bytes, &[]).expect_status(201).body;
    answer["address"].as_str().expect("an address").to_owned()
}

/// An article that shows these.
fn article(product: &Product, title: &str, cover: &str, pictures: &[String]) -> i64 {
    let body: String = pictures.iter().map(|source| format!("Words.\n\n![x]({source})\n\n")).collect();
    id(&product.post("/contents", &json!({"title": title, "body": body, "cover": cover}), 201))
}

#[test]
fn a_hundred_articles_take_little_longer_than_wechat_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let (product, wechat, account) = stage(dir.path(), LATENCY);
    let cover = kept(&product, &cover());
    product.post("/scheduler/pause", &json!({}), 200);
    let mut items = Vec::new();
    for number in 0..ARTICLES {
        let pictures: Vec<String> = (0..PICTURES)
            .map(|place| {
                let width = 20 + u32::try_from(number * PICTURES + place).expect("a width");
                kept(&product, &png(width, 20))
            })
            .collect();
        let content = article(&product, &number.to_string(), &cover, &pictures);
        items.push(json!({"content_id": content, "account_id": account}));
    }
    product.post("/publish-pool/batch-add", &json!({"items": items}), 201);
    let began = Instant::now();
    product.post("/scheduler/resume", &json!({}), 200);
    wechat.wait_for(Interface::DraftAdd, ARTICLES, PATIENCE);
    let took = began.elapsed();
    // One at a time is on the wire.
    let calls = wechat.calls().len();
    assert!(calls <= ARTICLES * (PICTURES + 1) + 2, "a cover and a token, once: {calls}");
    let least = LATENCY * u32::try_from(calls).expect("a count");
    let times = took.as_secs_f64() / least.as_secs_f64();
    println!(
        "{ARTICLES} articles with {PICTURES} pictures: {calls} calls of {LATENCY:?} took {took:?}, {times:.3} times as long"
    );
    assert!(times <= if is_of_release() { TIMES_MOST } else { TIMES_MOST_DEBUG }, "{times} times as long");
    let uploads = wechat.uploads_by_sha256(APPID);
    assert!(uploads.len() == ARTICLES * PICTURES + 1 && uploads.values().all(|times| *times == 1));
}

/// Of as many characters as WeChat takes, nearly: prose in both languages, lists, a table, links, and code with colours.
fn long_text() -> String {
    let mut text = String::new();
    for part in 0.. {
        text.push_str(&format!(
            "## 第{part}节 Part {part}\n\n用Rust写的**程序**，见[链接](https://example.com/{part})。It says *what* it does, \
             and `why`.\n\n- 一项\n- another\n\n| a | 乙 |\n|---|---|\n| {part} | 数 |\n\n```rust\nfn part_{part}() -> u64 {{\n    \
             // 注释\n    let text = \"text\";\n    {part}\n}}\n```\n\n"
        ));
        if text.chars().count() > CHARACTERS {
            break;
        }
    }
    text.chars().take(CHARACTERS).collect()
}

/// How long adding an entry takes, in which its article is rendered to see whether it fits: of many the one in the middle.
fn adding_takes(product: &Product, account: i64, text: &str) -> Duration {
    let mut took: Vec<Duration> = (0..ADDITIONS)
        .map(|number| {
            let content =
                json!({"title": number.to_string(), "body": text, "cover": "https://a.example/a.png"});
            let content = id(&product.post("/contents", &content, 201));
            let entry =
                json!({"content_id": content, "account_id": account, "scheduled_at": "2099-01-01T00:00:00Z"});
            let began = Instant::now();
            product.post("/publish-pool/add", &entry, 201);
            began.elapsed()
        })
        .collect();
    took.sort();
    took[ADDITIONS / 2]
}

#[test]
fn a_long_article_is_rendered_in_a_moment() {
    let dir = tempfile::tempdir().expect("a folder");
    let (product, _wechat, account) = stage(dir.path(), Duration::ZERO);
    let short = adding_takes(&product, account, "Words.");
    let long = adding_takes(&product, account, &long_text());
    let took = long.saturating_sub(short);
    println!("an article of {CHARACTERS} characters was rendered in {took:?} ({long:?} less {short:?})");
    assert!(took <= if is_of_release() { RENDERED_WITHIN } else { RENDERED_WITHIN_DEBUG }, "{took:?}");
}

/// So that no encoder makes it small.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 0x9e37_79b9_u32 ^ width;
    RgbImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let [red, green, blue, _] = state.to_le_bytes();
        Rgb([red, green, blue])
    })
}

fn jpeg(width: u32, height: u32, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    noise(width, height).write_with_encoder(encoder).expect("drawn");
    bytes
}

#[test]
fn pictures_of_ten_megabytes_pass_through_little_memory() {
    let dir = tempfile::tempdir().expect("a folder");
    let (product, wechat, account) = stage(dir.path(), Duration::ZERO);
    let mut drawn = std::io::Cursor::new(Vec::new());
    let large = image::DynamicImage::ImageRgb8(noise(1860, 1860));
    large.write_to(&mut drawn, ImageFormat::Png).expect("drawn");
    // A screen, and what a camera makes of 12 and of 24 million pixels.
    let pictures = [drawn.into_inner(), jpeg(4000, 3000, 50), jpeg(6000, 4000, 24)];
    let sizes: Vec<usize> = pictures.iter().map(|bytes| bytes.len() / 1000).collect();
    println!("pictures of {sizes:?} kB");
    assert!(sizes.iter().all(|kb| (8_000..=12_000).contains(kb)), "{sizes:?}");
    let kept: Vec<String> = pictures.iter().map(|bytes| kept(&product, bytes)).collect();
    println!("{} MB after they were uploaded", memory_mb(&product.server));
    let entry = |number: usize, cover: &str| {
        let content = article(&product, &number.to_string(), cover, &kept);
        product.add(json!({"content_id": content, "account_id": account}))
    };
    let entries: Vec<i64> = kept.iter().enumerate().map(|(number, cover)| entry(number, cover)).collect();
    wechat.wait_for(Interface::DraftAdd, entries.len(), PATIENCE);
    for entry in entries {
        product.entry_is(entry, "published");
    }
    let most = memory_mb(&product.server);
    println!("{most} MB after they passed through");
    assert!(most <= MEMORY_MAX_MB, "{most} MB");
    assert_eq!(wechat.drafts(APPID).len(), kept.len());
}
