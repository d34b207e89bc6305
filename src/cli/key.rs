//! `contenthub key`: what credentials are sealed with.

use super::output::Output;
use super::{Done, Failure};
use crate::app::App;
use crate::key_rotation::{Rotated, rotate};
use crate::words::{Sentence, message};
use serde_json::json;

const ROTATE_HELP: &str = "\
Makes a new key and seals the credentials of all accounts with it, beside running servers: those on this machine go on by \
themselves. It may be interrupted at any moment; run it again then.

The old key is kept beside the new one, as secret.key.FINGERPRINT: it opens copies of the database that are older than this. \
Delete it when you have no such copies any more, and copy the new one to wherever you keep it, and to your other nodes.

Where the key is in CONTENTHUB_SECRET_KEY, only you can change that: set it to NEW,OLD for everything that runs, then run \
this, then take OLD out.

Examples:
  contenthub key rotate";

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Seal all credentials with a new key
    #[command(after_long_help = ROTATE_HELP)]
    Rotate,
}

pub fn run(command: Command, app: &App, out: &Output) -> Result<Done, Failure> {
    let Command::Rotate = command;
    let Rotated { from, to, accounts, set_aside } = rotate(app)?;
    let set_aside: Vec<String> = set_aside.iter().map(|path| path.display().to_string()).collect();
    let said = match from {
        Some(ref from) if *from == to => Sentence::new(message("done-key-in-use")),
        _ => Sentence::new(message("done-key-rotated"))
            .with("count", i64::try_from(accounts).unwrap_or(i64::MAX)),
    };
    let note = if set_aside.is_empty() { message("note-key-given") } else { message("note-key-aside") };
    eprintln!("{}", out.words(&Sentence::new(note).with("files", set_aside.join(", "))));
    out.tell(
        &said.with("key", to.as_str()),
        &json!({"from": from, "to": to, "accounts": accounts, "set_aside": set_aside}),
    )
}
