//! `contenthub content preview`: a content as a platform's readers would see it, as HTML.

use super::output::{self, Output};
use super::usage::UsageError;
use super::{Done, Failure};
use crate::app::App;
use crate::db::contents::ContentRow;
use crate::domain::article_limits::{BodySize, WECHAT};
use crate::domain::content::Article;
use crate::domain::ids::ContentId;
use crate::operations::content::GetContent;
use crate::render::wechat::{self, Links, Options, OwnCss, Rendered, Spacing, Theme};
use crate::words::errors::InChinese;
use crate::words::{Sentence, Value, message};
use serde_json::json;
use std::path::{Path, PathBuf};

pub const EXAMPLES: &str = "\
Examples:
  contenthub content preview 1 --platform wechat > preview.html
  contenthub content preview 1 --platform wechat --theme paper --css own.css > preview.html
  contenthub content preview 1 --platform wechat --fragment --output json";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    id: ContentId,
    /// As whose articles it is to look
    #[arg(long, value_enum)]
    platform: PlatformWord,
    /// The look
    #[arg(long, value_enum, default_value_t = ThemeWord::Plain)]
    theme: ThemeWord,
    /// A style sheet that wins over the theme; its rules are inlined
    #[arg(long, value_name = "FILE")]
    css: Option<PathBuf>,
    /// What becomes of links that lead out of WeChat: numbers with the addresses at the end, or links
    #[arg(long, value_enum, default_value_t = LinksWord::Footnotes)]
    links: LinksWord,
    /// Whether a space is put between Chinese and Latin
    #[arg(long, value_enum, default_value_t = SpacingWord::Spaced)]
    spacing: SpacingWord,
    /// Only what the platform is sent, without a page around it
    #[arg(long)]
    fragment: bool,
}

/// Platforms whose articles are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PlatformWord {
    Wechat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ThemeWord {
    Plain,
    Paper,
    Azure,
}

impl From<ThemeWord> for Theme {
    fn from(word: ThemeWord) -> Theme {
        match word {
            ThemeWord::Plain => Theme::Plain,
            ThemeWord::Paper => Theme::Paper,
            ThemeWord::Azure => Theme::Azure,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LinksWord {
    Footnotes,
    Kept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SpacingWord {
    Spaced,
    AsWritten,
}

pub fn run(arguments: Arguments, app: &App, out: &Output) -> Result<Done, Failure> {
    let PlatformWord::Wechat = arguments.platform;
    let row = app.run(GetContent(arguments.id))?;
    let css = arguments.css.as_deref().map(read_css).transpose()?;
    let options = Options {
        theme: arguments.theme.into(),
        css: css.as_ref(),
        links: match arguments.links {
            LinksWord::Footnotes => Links::Footnotes,
            LinksWord::Kept => Links::Kept,
        },
        spacing: match arguments.spacing {
            SpacingWord::Spaced => Spacing::Spaced,
            SpacingWord::AsWritten => Spacing::AsWritten,
        },
        ..Options::default()
    };
    let rendered = wechat::render(&row.body, &options);
    let notes = notes(&row, &rendered, css.as_ref());
    for note in &notes {
        let said = Sentence::new(message("content-preview-note")).with("what", note.clone());
        eprintln!("{}", output::harmless(&out.words(&said)));
    }
    let Rendered { html, characters, images, .. } = rendered;
    let bytes = html.len();
    let shown = if arguments.fragment { html + "\n" } else { wechat::page(&row.title, &html) };
    if out.is_table() {
        return output::write(&shown);
    }
    let images: Vec<String> = images.iter().map(ToString::to_string).collect();
    out.one(&json!({"html": shown, "characters": characters, "bytes": bytes, "images": images}))
}

fn read_css(path: &Path) -> Result<OwnCss, UsageError> {
    let file = |source| UsageError::File { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(file)?.len();
    if size > u64::try_from(crate::domain::content::BODY_MAX_BYTES).unwrap_or(u64::MAX) {
        return Err(UsageError::TooLarge(path.to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(file)?;
    OwnCss::new(&text).map_err(|fault| UsageError::Css { path: path.to_owned(), fault })
}

/// All that keeps the article from being what its text is, or from going out.
fn notes(row: &ContentRow, rendered: &Rendered, css: Option<&OwnCss>) -> Vec<Value> {
    let article = Article {
        content_id: row.id,
        revision: row.revision,
        title: row.title.clone(),
        // Its size is known from what was rendered.
        body: String::new(),
        digest: row.digest.clone(),
        author: row.author.clone(),
        cover: row.cover.clone(),
        tags: Vec::new(),
        source_url: row.source_url.clone(),
    };
    let size = BodySize { characters: rendered.characters, bytes: rendered.html.len() };
    let over = WECHAT.check(&article, size);
    let over = over.iter().map(InChinese::value);
    let lacks = rendered.warnings.iter().map(InChinese::value);
    let css = css.map(OwnCss::left_out).unwrap_or_default();
    over.chain(lacks).chain(css.iter().map(InChinese::value)).collect()
}
