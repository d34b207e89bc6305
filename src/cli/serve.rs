//! `contenthub serve`.

use super::{Done, Failure};
use crate::app::App;
use crate::config::{self, SettingsArgs};
use crate::demo;
use crate::listening::Tls;
use crate::logging::{self, Publications};
use crate::server::{self, ServeError};
use crate::words::{Sentence, message};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  contenthub serve --listen 127.0.0.1:0\n  contenthub serve --demo --listen 127.0.0.1:0"
)]
pub struct Arguments {
    /// Try it: a throw-away data directory, sample posts, and a small site that they are published to
    #[arg(long)]
    demo: bool,
}

pub fn run(arguments: Arguments, settings: &SettingsArgs) -> Result<Done, Failure> {
    let settings = config::load(settings)?;
    // Before anything is made.
    if let Some(files) = &settings.server.tls {
        Tls::load(files).map_err(ServeError::from)?;
    }
    if arguments.demo {
        logging::init(log::LevelFilter::Info, Publications::Told);
        return demo::run(settings, super::language()).map(|()| Done::Well).map_err(Failure::from);
    }
    logging::init(log::LevelFilter::Info, Publications::Quiet);
    let scheme = if settings.server.tls.is_some() { "https" } else { "http" };
    let app = App::open(settings)?;
    server::serve(&app, |address| {
        // The first line on stdout says where it listens; whoever started it may wait for that.
        let mut stdout = std::io::stdout();
        let said = Sentence::new(message("serve-listening")).with("at", format!("{scheme}://{address}"));
        if writeln!(stdout, "{}", said.say(super::language())).and_then(|()| stdout.flush()).is_err() {
            log::info!("listening on {scheme}://{address}");
        }
    })?;
    Ok(Done::Well)
}
