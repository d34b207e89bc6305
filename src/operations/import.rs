//! A folder of files becomes contents and entries, in one transaction: all of it, or nothing.
//!
//! A file is known by its path, or else by its bytes. So the same folder twice changes nothing, a changed file is a new
//! revision, a moved one the same content, and nothing that is out goes out again unless somebody says so.

mod known;
mod pictures;
mod placing;
mod report;
mod targets;

pub use report::{Action, Became, EntryNote, EntryReport, FileNote, FileReport, ImportReport};

use super::slots::SlotBook;
use super::{Access, Context, Operation, OperationError, content};
use crate::db::accounts;
use crate::db::connection::DbConnection;
use crate::db::contents::{self, Text};
use crate::db::imported_files::{self, Source};
use crate::domain::clock::Timestamp;
use crate::domain::ids::*;
use crate::domain::priority::Priority;
use crate::import::{File, ImportFault, Picture, Post, Problem, Readable, in_order};
use diesel::Connection as _;
use known::{Before, Imported, Known};
use pictures::Pictures;
use placing::{Frame, Placed, of_the_file};
use std::collections::HashMap;
use targets::{Accounts, unfit};

/// Imports files that were read by [`crate::import::read`].
#[derive(Debug, Clone)]
pub struct ImportFolder {
    pub files: Vec<File>,
    pub choices: Choices,
    /// Leave bad files out; else one of them keeps all out.
    pub skip_bad: bool,
    /// Do it all, say what was done, and undo it.
    pub dry_run: bool,
}

/// What the person who imports wants beside what the files say.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Of files that name none.
    pub accounts: Vec<AccountId>,
    /// Make entries for all files, not only for those that have a time.
    pub pool: bool,
    /// Of new entries whose file has none.
    pub priority: Option<Priority>,
    /// Publish what was changed once more where it was published before.
    pub again: bool,
    pub deleted: Deleted,
}

/// What becomes of a file whose content somebody has deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deleted {
    /// It is a content again: a person imports it.
    #[default]
    BringBack,
    /// It stays away, whatever it says now: nobody has asked.
    LeaveOut,
}

impl Choices {
    fn wants_entries(&self, file: &Checked) -> bool {
        self.pool || file.post.scheduled_at.is_some() || file.post.next_slot
    }
}

impl Operation for ImportFolder {
    type Output = ImportReport;
    const ACCESS: Access = Access::Write;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<ImportReport, OperationError> {
        let dry_run = self.dry_run;
        // A transaction within the caller's: a dry run does what the real one does, and is rolled back.
        let done = conn.transaction(|conn| match import(conn, cx, self, now)? {
            report if dry_run => Err(Stop::DryRun(Box::new(report.of_a_dry_run()))),
            report => Ok(report),
        });
        match done {
            Ok(report) => Ok(report),
            Err(Stop::DryRun(report)) => Ok(*report),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

/// Why the inner transaction is rolled back.
enum Stop {
    DryRun(Box<ImportReport>),
    Failed(OperationError),
}

impl From<OperationError> for Stop {
    fn from(error: OperationError) -> Self {
        Stop::Failed(error)
    }
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        Stop::Failed(error.into())
    }
}

/// A file in which nothing is wrong.
struct Checked {
    path: String,
    source: Source,
    post: Post,
    pictures: Vec<Picture>,
    /// Those that it names itself.
    accounts: Vec<AccountId>,
}

fn import(
    conn: &mut DbConnection,
    cx: &Context,
    request: ImportFolder,
    now: Timestamp,
) -> Result<ImportReport, OperationError> {
    let ImportFolder { files, choices, skip_bad, dry_run } = request;
    imported_files::lock(conn)?;
    let accounts = Accounts(accounts::list(conn)?);
    let (mut good, mut reports) = (Vec::new(), Vec::new());
    for file in files {
        match check(file, &accounts, &choices, cx) {
            Ok(file) => good.push(file),
            Err(report) => reports.push(*report),
        }
    }
    if !reports.is_empty() && !skip_bad {
        return Ok(ImportReport::new(false, reports));
    }
    let known = Known::look_up(conn, &good)?;
    // Another picture is a change, too, and is found only once the file is looked at.
    if known.has_changes(&good) || good.iter().any(|file| !file.pictures.is_empty()) {
        accounts::lock_lanes(conn)?;
    }
    let book = SlotBook::default();
    let mut run = Run {
        cx,
        now,
        dry_run,
        choices: &choices,
        accounts: &accounts,
        files: &good,
        made: HashMap::new(),
        book,
    };
    for index in known.in_order() {
        reports.push(run.file(conn, &good[index], known.of(index))?);
    }
    Ok(ImportReport::new(true, reports))
}

/// Everything that may be wrong with a file: as it was read, its lengths, its accounts.
fn check(
    file: File,
    accounts: &Accounts,
    choices: &Choices,
    cx: &Context,
) -> Result<Checked, Box<FileReport>> {
    let File { path, outcome } = file;
    let Readable { canonical_path, sha256, post, pictures } = match outcome {
        Ok(readable) => readable,
        Err(problems) => return Err(Box::new(FileReport::bad(path, problems))),
    };
    let mut problems = Vec::new();
    if let Err(OperationError::Invalid(fields)) = content::check(&text_of(&post)) {
        problems.extend(
            fields.into_iter().map(|field| Problem {
                line: post.line_of(&field.field),
                fault: ImportFault::Content(field),
            }),
        );
    }
    let mut own = Vec::new();
    for named in &post.accounts {
        match accounts.find(&named.name) {
            Some(id) if !own.contains(&id) => own.push(id),
            Some(_) => {}
            None => problems.push(Problem::at(named.line, ImportFault::NoAccount(named.name.clone()))),
        }
    }
    if post.next_slot {
        let destinations = if own.is_empty() { &choices.accounts } else { &own };
        for id in destinations.iter().copied().filter(|id| accounts.has_no_slots(*id)) {
            let fault = ImportFault::NoSlots(accounts.name(id));
            problems.push(Problem { line: post.line_of("scheduled_at"), fault });
        }
    }
    if !problems.is_empty() {
        in_order(&mut problems);
        return Err(Box::new(FileReport::bad(path, problems)));
    }
    let source = Source { path: canonical_path, sha256 };
    let checked = Checked { path, source, post, pictures, accounts: own };
    if !choices.wants_entries(&checked) || checked.post.is_draft {
        return Ok(checked);
    }
    let problems = match accounts.of(&checked, choices) {
        Ok(ids) => unfit(&checked, &accounts.rows(&ids), cx),
        Err(OperationError::Invalid(fields)) => {
            fields.into_iter().map(|field| Problem::of_the_file(ImportFault::Account(field.fault))).collect()
        }
        Err(_) => Vec::new(),
    };
    if problems.is_empty() { Ok(checked) } else { Err(Box::new(FileReport::bad(checked.path, problems))) }
}

fn text_of(post: &Post) -> Text {
    Text {
        title: post.title.clone(),
        body: post.body.clone(),
        digest: post.digest.clone(),
        author: post.author.clone(),
        cover: post.cover.clone(),
        tags: post.tags.clone(),
        source_url: post.source_url.clone(),
    }
}

/// An import under way.
struct Run<'a> {
    cx: &'a Context,
    now: Timestamp,
    dry_run: bool,
    choices: &'a Choices,
    accounts: &'a Accounts,
    files: &'a [Checked],
    /// Contents that this import made or revised, by their files' bytes.
    made: HashMap<String, Made>,
    book: SlotBook,
}

/// A content and the file of this import that stands for it.
struct Made {
    content: ContentId,
    revision: i32,
    path: String,
}

impl Run<'_> {
    fn file(
        &mut self,
        conn: &mut DbConnection,
        file: &Checked,
        before: Before,
    ) -> Result<FileReport, OperationError> {
        let mut report = FileReport::skipped(file.path.clone());
        report.passed_over.clone_from(&file.post.passed_over);
        report.content_id = match &before {
            Before::Nothing => None,
            Before::Itself(known) | Before::CopyOf(known, _) => Some(known.content),
        };
        if file.post.is_draft {
            report.note = Some(FileNote::Draft);
            if let Some(content) = report.content_id {
                report.entries = placing::waiting(conn, content, self.accounts)?;
            }
            return Ok(report);
        }
        let placed = match before {
            Before::Nothing if self.stays_away(conn, file)? => {
                report.note = Some(FileNote::Deleted);
                return Ok(report);
            }
            Before::Nothing => self.create(conn, file, &mut report)?,
            Before::Itself(known) => self.renew(conn, file, &known, &mut report)?,
            Before::CopyOf(known, owner) => {
                let owner = owner.and_then(|owner| self.files.get(owner));
                let original = owner.map_or(known.path.as_str(), |owner| owner.path.as_str());
                let newest = owner.map_or(&known.sha256, |owner| &owner.source.sha256);
                if *newest != file.source.sha256 {
                    report.note = Some(FileNote::OldCopy(original.to_owned()));
                    return Ok(report);
                }
                if !known.is_noted {
                    imported_files::note(conn, &file.source, known.content)?;
                }
                copy(known.content, known.revision, original, &mut report)
            }
        };
        report.content_id = Some(placed.content);
        report.revision = Some(placed.revision);
        let Run { cx, accounts, choices, now, .. } = *self;
        let frame = Frame { cx, accounts, choices, now };
        report.entries = placing::place(conn, file, placed, frame, &mut self.book)?;
        Ok(report)
    }

    fn stays_away(&self, conn: &mut DbConnection, file: &Checked) -> Result<bool, OperationError> {
        Ok(match self.choices.deleted {
            Deleted::BringBack => false,
            Deleted::LeaveOut => imported_files::is_deleted(conn, &file.source)?,
        })
    }

    fn create(
        &mut self,
        conn: &mut DbConnection,
        file: &Checked,
        report: &mut FileReport,
    ) -> Result<Placed, OperationError> {
        if let Some(made) = self.made.get(&file.source.sha256) {
            imported_files::note(conn, &file.source, made.content)?;
            return Ok(copy(made.content, made.revision, &made.path, report));
        }
        let account = match self.accounts.named(file, self.choices)[..] {
            [only] => Some(only),
            _ => None,
        };
        let text = text_of(&file.post);
        let content = content::create(conn, self.cx, &text, account, self.now)?;
        self.keep_pictures(conn, file, content, 1)?;
        imported_files::note(conn, &file.source, content)?;
        imported_files::forget_deleted(conn, &file.source)?;
        self.note_made(file, content, 1);
        report.action = Action::Created;
        Ok(Placed { content, revision: 1, is_new: true, is_changed: true, is_revised: true })
    }

    fn note_made(&mut self, file: &Checked, content: ContentId, revision: i32) {
        let made = Made { content, revision, path: file.path.clone() };
        self.made.insert(file.source.sha256.clone(), made);
    }

    /// A file that was imported before, at this path or at another.
    fn renew(
        &mut self,
        conn: &mut DbConnection,
        file: &Checked,
        known: &Imported,
        report: &mut FileReport,
    ) -> Result<Placed, OperationError> {
        let content = known.content;
        let is_other = known.sha256 != file.source.sha256;
        let pictures = pictures::compare(conn, file, content, known.revision)?;
        let is_changed = is_other || pictures == Pictures::Changed;
        let (mut revision, mut is_revised) = (known.revision, false);
        if is_changed {
            let text = text_of(&file.post);
            let row = contents::get(conn, content)?;
            is_revised =
                pictures == Pictures::Changed || row.is_none_or(|row| content::text_of(&row) != text);
            if is_revised {
                // Before its text, which is held against what its accounts take of both.
                self.keep_pictures(conn, file, content, known.revision + 1)?;
                revision = content::revise(conn, self.cx, content, &text, self.now)
                    .map_err(|error| of_the_file(&file.path, error))?;
            }
        }
        if !is_revised && pictures == Pictures::Unnoted {
            self.keep_pictures(conn, file, content, revision)?;
        }
        let mut is_updated = is_revised;
        if let [only] = file.accounts[..]
            && known.account != Some(only)
            && is_changed
        {
            contents::set_account(conn, content, Some(only), self.now)?;
            is_updated = true;
        }
        if is_other {
            imported_files::note(conn, &file.source, content)?;
            self.note_made(file, content, revision);
        }
        if known.path != file.source.path {
            imported_files::moved(conn, &known.path, &file.source.path)?;
            report.note = Some(FileNote::Moved(known.path.clone()));
        }
        report.action = if is_updated { Action::Updated } else { Action::Unchanged };
        Ok(Placed { content, revision, is_new: false, is_changed, is_revised })
    }
}

/// Another file with the bytes of one that is there.
fn copy(content: ContentId, revision: i32, original: &str, report: &mut FileReport) -> Placed {
    report.action = Action::Unchanged;
    report.note = Some(FileNote::SameAs(original.to_owned()));
    Placed { content, revision, is_new: false, is_changed: false, is_revised: false }
}
