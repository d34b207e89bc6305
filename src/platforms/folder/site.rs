//! The files of one site.

use crate::domain::clock::Timestamp;
use crate::domain::content::Article;
use crate::domain::ids::ContentId;
use crate::render::{escape, html};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The feed's file, beside the pages.
const FEED: &str = "feed.xml";
/// How many posts the feed holds.
const FEED_MAX: usize = 100;
const STYLE: &str = "body{margin:0 auto;max-width:42rem;padding:2rem 1.25rem;font:1.05rem/1.7 system-ui,'PingFang SC',\
'Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:#1c2330;background:#fbfbfa}h1{line-height:1.25;font-size:1.9rem}\
a{color:#0b5cad}img{max-width:100%}pre{overflow:auto;background:#f0f1f3;padding:1rem;border-radius:.5rem}\
table{border-collapse:collapse}td,th{border:1px solid #d5d8dd;padding:.3rem .6rem}\
time,.by{color:#667085;font-size:.9rem}ul.posts{list-style:none;padding:0}ul.posts li{padding:1rem 0;\
border-bottom:1px solid #e4e6ea}ul.posts a{font-size:1.2rem;font-weight:600;text-decoration:none}p.digest{margin:.25rem 0}\
@media(prefers-color-scheme:dark){body{background:#15181d;color:#e4e7ec}a{color:#7db7f5}pre{background:#22262d}\
ul.posts li{border-color:#2c3139}}";

/// What is written of one publication.
pub(super) struct Post {
    pub key: String,
    pub published_at: Timestamp,
    pub article: Article,
}

/// What index and feed need of a post: the first line of its Markdown file, as a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Heading {
    key: String,
    published_at: Timestamp,
    content_id: ContentId,
    title: String,
    digest: Option<String>,
    author: Option<String>,
}

const HEADING_OPENS: &str = "<!-- contenthub ";
const HEADING_CLOSES: &str = " -->";

/// Writes the post's Markdown and its page. A second time it keeps the first time's instant, and so its bytes.
pub(super) fn write(folder: &Path, post: &Post) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let markdown = folder.join(format!("{}.md", post.key));
    let first = read_heading(&markdown);
    let heading = Heading {
        key: post.key.clone(),
        published_at: first.map_or(post.published_at, |first| first.published_at),
        content_id: post.article.content_id,
        title: post.article.title.clone(),
        digest: post.article.digest.clone(),
        author: post.article.author.clone(),
    };
    write_atomically(&folder.join(format!("{}.html", post.key)), &page(&heading, &post.article))?;
    // The Markdown file is what the listing goes by, so it comes last.
    let json = serde_json::to_string(&heading)?.replace("--", "-\\u002d");
    write_atomically(&markdown, &format!("{HEADING_OPENS}{json}{HEADING_CLOSES}\n\n{}", post.article.body))
}

/// Writes a file as a post's is written, and removes it. The folder stays, because a post may be on its way into it.
pub(super) fn try_out(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!(".test.{}.tmp", crate::secrets::random_hex(4)));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(b"a test")?;
        file.sync_all()
    });
    // Also where it could not be written whole.
    let removed = fs::remove_file(&temporary);
    written.and(removed)
}

/// Whether a post's page is there, or cannot be said not to be.
pub(super) fn may_be_there(folder: &Path, key: &str) -> bool {
    match fs::symlink_metadata(folder.join(format!("{key}.html"))) {
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        Ok(_) => true,
    }
}

/// Builds index and feed anew from what is there. `title` none: the one that the index has.
pub(super) fn rebuild(folder: &Path, title: Option<&str>) -> io::Result<()> {
    let lock = File::create(folder.join(".lock"))?;
    lock.lock()?;
    let title_file = folder.join(".title");
    let title = match title {
        Some(title) => {
            write_atomically(&title_file, title)?;
            title.to_owned()
        }
        None => fs::read_to_string(&title_file).unwrap_or_else(|_| "ContentHub".to_owned()),
    };
    let mut posts: Vec<Heading> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter_map(|path| read_heading(&path))
        .collect();
    posts.sort_by(|a, b| (b.published_at, &b.key).cmp(&(a.published_at, &a.key)));
    write_atomically(&folder.join("index.html"), &index(&title, &posts))?;
    write_atomically(&folder.join(FEED), &feed(&title, folder, &posts))
}

fn read_heading(path: &Path) -> Option<Heading> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?;
    serde_json::from_str(line.strip_prefix(HEADING_OPENS)?.strip_suffix(HEADING_CLOSES)?).ok()
}

/// A reader sees the old file or the new one, also after a power cut.
fn write_atomically(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", crate::secrets::random_hex(4)));
    let temporary: PathBuf = path.with_file_name(name);
    let mut file = File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The language of a text, as far as its letters tell.
fn language(text: &str) -> &'static str {
    let is_han = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
    if text.chars().any(is_han) { "zh" } else { "en" }
}

fn document(title: &str, language: &str, feed: Option<&str>, body: &str) -> String {
    let feed =
        feed.map(|href| format!("<link rel=\"alternate\" type=\"application/atom+xml\" href=\"{href}\">\n"));
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         {}<style>{STYLE}</style>\n</head>\n\
         <body>\n{body}</body>\n</html>\n",
        escape(title),
        feed.unwrap_or_default()
    )
}

/// Links to the sites of these names, which are plain folder names.
pub(super) fn overview(names: &[String]) -> String {
    let mut body = "<h1>Sites</h1>\n".to_owned();
    if names.is_empty() {
        body.push_str("<p>Nothing has been published into a folder yet.</p>\n");
    }
    body.push_str("<ul class=\"posts\">\n");
    for name in names {
        let name = escape(name);
        body.push_str(&format!("<li><a href=\"{name}/\">{name}</a></li>\n"));
    }
    body.push_str("</ul>\n");
    document("Sites", "en", None, &body)
}

fn page(heading: &Heading, article: &Article) -> String {
    let by = heading.author.as_ref().map(|author| format!(" · {}", escape(author))).unwrap_or_default();
    let body = format!(
        "<p><a href=\"index.html\">←</a></p>\n<article>\n<h1>{}</h1>\n<p class=\"by\">{}{by}</p>\n{}</article>\n",
        escape(&heading.title),
        shown_time(heading.published_at),
        html(&article.body)
    );
    document(&heading.title, language(&heading.title), Some(FEED), &body)
}

fn shown_time(at: Timestamp) -> String {
    format!("<time datetime=\"{at}\">{} UTC</time>", at.to_utc().format("%Y-%m-%d %H:%M"))
}

fn index(title: &str, posts: &[Heading]) -> String {
    let mut list = String::new();
    for post in posts {
        let digest = post.digest.as_ref().map(|text| format!("<p class=\"digest\">{}</p>", escape(text)));
        list.push_str(&format!(
            "<li lang=\"{}\"><a href=\"{}.html\">{}</a>{}{}</li>\n",
            language(&post.title),
            post.key,
            escape(&post.title),
            digest.unwrap_or_else(|| "<br>".to_owned()),
            shown_time(post.published_at)
        ));
    }
    let body = format!(
        "<h1>{}</h1>\n<p><a href=\"feed.xml\">Atom</a></p>\n<ul class=\"posts\">\n{list}</ul>\n",
        escape(title)
    );
    document(title, language(title), Some(FEED), &body)
}

/// Atom (RFC 4287). Ids come from the entries' keys, so they stay the same wherever the site is shown.
fn feed(title: &str, folder: &Path, posts: &[Heading]) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let updated = posts.first().map_or(Timestamp::MIN, |post| post.published_at);
    let mut entries = String::new();
    for post in posts.iter().take(FEED_MAX) {
        let author = post.author.as_deref().unwrap_or(title);
        let digest = post.digest.as_ref().map(|text| format!("<summary>{}</summary>", escape(text)));
        entries.push_str(&format!(
            "<entry><id>urn:contenthub:{}</id><title>{}</title><updated>{}</updated><published>{}</published>\
             <author><name>{}</name></author><link href=\"{}.html\"/>{}</entry>\n",
            escape(&post.key),
            escape(&post.title),
            post.published_at,
            post.published_at,
            escape(author),
            escape(&post.key),
            digest.unwrap_or_default()
        ));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>urn:contenthub:site:{}</id><title>{}</title><updated>{updated}</updated>\
         <link rel=\"self\" href=\"feed.xml\"/><link href=\"index.html\"/>\n{entries}</feed>\n",
        escape(&name),
        escape(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(key: &str, title: &str, seconds: i64) -> Post {
        Post {
            key: key.to_owned(),
            published_at: Timestamp::from_micros(seconds * 1_000_000),
            article: Article {
                content_id: ContentId(1),
                revision: 1,
                title: title.to_owned(),
                body: "# Hello\n\n<script>alert(1)</script> world".to_owned(),
                digest: Some("a -- digest --> <b>".to_owned()),
                author: None,
                cover: None,
                tags: vec![],
                source_url: None,
            },
        }
    }

    fn files(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .expect("a folder")
            .flatten()
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())))
            .filter_map(|(name, text)| Some((name, text.ok()?)))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_repeat_changes_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        for seconds in [5, 900] {
            write(dir.path(), &post("k1", "One", seconds)).expect("written");
            rebuild(dir.path(), Some("Site")).expect("rebuilt");
        }
        let once = files(dir.path());
        write(dir.path(), &post("k1", "One", 7)).expect("written");
        rebuild(dir.path(), None).expect("rebuilt");
        assert_eq!(files(dir.path()), once);
    }

    #[test]
    fn index_and_feed_list_the_newest_first_and_no_markup_of_a_title() {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path(), &post("old", "Old <i>", 5)).expect("written");
        write(dir.path(), &post("new", "新的", 9)).expect("written");
        rebuild(dir.path(), Some("A & B")).expect("rebuilt");
        for name in ["index.html", "feed.xml"] {
            let text = fs::read_to_string(dir.path().join(name)).expect("there");
            let (new, old) = (text.find("新的"), text.find("Old &lt;i&gt;"));
            assert!(new.is_some() && new < old, "{name}: {text}");
            assert!(text.contains("A &amp; B") && !text.contains("<i>"), "{name}");
        }
        let page = fs::read_to_string(dir.path().join("old.html")).expect("there");
        assert!(!page.contains("<script"), "{page}");
    }
}
