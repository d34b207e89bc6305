//! How far long work is: a bar where stderr is a terminal; elsewhere a line at each quarter, if there is much to do.

use crate::logging;
use crate::words::{Language, Sentence, message};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// Less than this is done before anybody would read a line about it.
const LINES_FROM: u64 = 1000;
const TICK: Duration = Duration::from_millis(120);

/// Work under way; what it shows on a terminal goes when it is dropped.
pub struct Progress {
    language: Language,
    what: String,
    bar: ProgressBar,
    total: Option<u64>,
    quarters_told: u64,
    /// What else there is to say of how far it is; empty: nothing.
    note: String,
}

impl Progress {
    /// `what` is done, such as “reading files”; how much there is to do is not known yet.
    pub fn new(what: &Sentence, language: Language) -> Self {
        let (what, total) = (what.say(language), None);
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        logging::beside(Some(bar.clone()));
        let progress = Progress { language, what, bar, total, quarters_told: 0, note: String::new() };
        progress.dress();
        progress
    }

    fn dress(&self) {
        let template = match self.total {
            // As wide from the first number to the last, so that the bar only grows.
            Some(total) => {
                let width = total.to_string().len();
                let of = match self.language {
                    Language::En => " of ",
                    Language::Zh => "/",
                };
                format!("{{msg}} {{wide_bar}} {{pos:>{width}}}{of}{{len}}{{prefix}}")
            }
            None => "{spinner} {msg}".to_owned(),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.bar.set_style(style);
        }
        self.bar.set_message(self.what.clone());
        if self.total.is_none() && !self.bar.is_hidden() {
            self.bar.enable_steady_tick(TICK);
        }
    }

    /// The same, with what there is to say of it.
    pub fn set_noting(&mut self, done: u64, total: u64, note: &Sentence) {
        let note = note.say(self.language);
        self.note = Sentence::new(message("progress-note")).with("note", note).say(self.language);
        self.bar.set_prefix(self.note.clone());
        self.set(done, total);
    }

    /// So much of so much is done now.
    pub fn set(&mut self, done: u64, total: u64) {
        if self.total != Some(total) {
            self.total = Some(total);
            self.bar.disable_steady_tick();
            self.bar.set_length(total);
            self.dress();
        }
        self.bar.set_position(done);
        if self.bar.is_hidden() {
            let (quarters, line) = line(&self.what, done, total, self.language);
            if let Some(line) = line.filter(|_| quarters > self.quarters_told) {
                eprintln!("{line}{}", self.note);
            }
            self.quarters_told = self.quarters_told.max(quarters);
        }
    }

    /// A next part of the work, whose size is not known, unless it is that part already.
    pub fn next(&mut self, what: &Sentence) {
        let what = what.say(self.language);
        if self.what == what {
            return;
        }
        self.what = what;
        self.total = None;
        self.quarters_told = 0;
        self.dress();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        logging::beside(None);
        self.bar.finish_and_clear();
    }
}

/// How many quarters are done, and what there is to say of it.
fn line(what: &str, done: u64, total: u64, language: Language) -> (u64, Option<String>) {
    let quarters = done.saturating_mul(4).checked_div(total).unwrap_or(0);
    let is_worth_a_line = total >= LINES_FROM && quarters > 0;
    let said = || {
        let said = Sentence::new(message("progress-line")).with("what", what);
        said.with("done", done.to_string()).with("total", total.to_string()).say(language)
    };
    (quarters, is_worth_a_line.then(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_by_quarters_and_only_for_much() {
        let told: Vec<u64> = (0..=2000)
            .scan(0, |before, done| {
                let (quarters, line) = line("x", done, 2000, Language::En);
                let is_new = quarters > *before;
                *before = quarters;
                Some((is_new && line.is_some()).then_some(done))
            })
            .flatten()
            .collect();
        assert_eq!(told, [500, 1000, 1500, 2000]);
        assert_eq!(line("reading", 500, 2000, Language::En).1.as_deref(), Some("reading: 500 of 2000"));
        assert!((0..=999).all(|done| line("x", done, 999, Language::En).1.is_none()));
        assert_eq!(line("x", 0, 0, Language::En), (0, None));
        assert_eq!(line("读取文件", 500, 2000, Language::Zh).1.as_deref(), Some("读取文件：500/2000"));
    }
}
