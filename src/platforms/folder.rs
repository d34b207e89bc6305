//! A folder that becomes a small static site: one page a post, an index and an Atom feed.
//!
//! Pages are written atomically and named by the entry's key, so a repeat is harmless. Index and feed are rebuilt from
//! the listing alone, so whatever a crash left is healed by the next post, or at start.

mod site;

use super::platform::{Credentials, FieldError, Platform, PublishCall, SecretField, TestCall};
use crate::domain::clock::Timestamp;
use crate::domain::delivery_class::DeliveryClass;
use crate::domain::fault::AccountFault;
use crate::domain::json_input;
use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Receipt, Seen};
use crate::domain::tested::{Checked, Tested};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use site::Post;
use std::path::{Path, PathBuf};

/// The address under which a server shows the sites.
const SHOWN_AT: &str = "/demo";
/// In characters.
const SITE_NAME_MAX: usize = 60;

/// What a folder account is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The folder of this site: small letters, digits and hyphens.
    #[serde(default = "default_site")]
    site: String,
    /// The site's title, on its index and in its feed.
    #[serde(default = "default_title")]
    title: String,
}

fn default_site() -> String {
    "site".to_owned()
}

fn default_title() -> String {
    "ContentHub".to_owned()
}

/// The platform `folder`.
#[derive(Debug)]
pub struct Folder {
    sites: PathBuf,
}

impl Folder {
    /// Sites are made in `sites`, each in a folder of its own.
    pub fn new(sites: &Path) -> Self {
        Folder { sites: sites.to_owned() }
    }
}

/// A page that names the sites there are. Blocks on the file system.
pub fn overview(sites: &Path) -> String {
    let folders = std::fs::read_dir(sites).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<String> = folders
        .filter(|path| path.join("index.html").is_file())
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    site::overview(&names)
}

/// Rebuilds index and feed of every site, whatever a crash left. Blocks on the file system.
pub fn heal(sites: &Path) {
    let Ok(found) = std::fs::read_dir(sites) else { return };
    for folder in found.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        if let Err(error) = site::rebuild(&folder, None) {
            log::warn!("the site {} could not be rebuilt: {error}", folder.display());
        }
    }
}

impl Platform for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    fn about(&self) -> &'static str {
        "Writes each post into a folder that is a small static site with an Atom feed."
    }

    fn settings_schema(&self) -> Value {
        schemars::schema_for!(Settings).to_value()
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        DeliveryClass::Keyed
    }

    fn check(&self, settings: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        let settings: Settings =
            json_input::read(settings.clone(), "settings").map_err(|error| vec![error])?;
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if settings.site.is_empty() || settings.site.len() > SITE_NAME_MAX || !settings.site.chars().all(fits)
        {
            let fault = AccountFault::SiteName { most: SITE_NAME_MAX };
            return Err(vec![FieldError::new("settings.site", fault)]);
        }
        Ok(())
    }

    fn publish(&self, call: PublishCall) -> LocalBoxFuture<'static, Seen> {
        publish(self.sites.clone(), call).boxed_local()
    }

    fn has_test(&self, _: &Value) -> bool {
        true
    }

    fn test(&self, call: TestCall) -> LocalBoxFuture<'static, Tested> {
        test(self.sites.clone(), call).boxed_local()
    }
}

/// Writes as a post is written, and takes it away again.
async fn test(sites: PathBuf, call: TestCall) -> Tested {
    let settings: Settings = match serde_json::from_value(call.destination.settings.clone()) {
        Ok(settings) => settings,
        Err(error) => {
            let message = KeptMessage::SettingsUnreadable { why: error.to_string() };
            return Tested::AccountBroken { problem: Problem::new("bad_settings", message), until: None };
        }
    };
    let folder = sites.join(&settings.site);
    let shown = folder.display().to_string();
    match actix_rt::task::spawn_blocking(move || site::try_out(&folder)).await {
        Ok(Ok(())) => Tested::Fine { checked: Checked::Writable { folder: shown }, warning: None },
        Ok(Err(error)) => {
            Tested::failed("folder", KeptMessage::FolderUnwritable { folder: shown, why: error.to_string() })
        }
        Err(error) => Tested::failed("folder", error.to_string()),
    }
}

async fn publish(sites: PathBuf, call: PublishCall) -> Seen {
    let settings: Settings = match serde_json::from_value(call.destination.settings.clone()) {
        Ok(settings) => settings,
        Err(error) => {
            let message = KeptMessage::SettingsUnreadable { why: error.to_string() };
            return Seen::AccountBroken { problem: Problem::new("bad_settings", message), until: None };
        }
    };
    let key = call.key.0.clone();
    let receipt = Receipt {
        media_id: Some(key.clone()),
        url: Some(format!("{SHOWN_AT}/{}/{key}.html", settings.site)),
    };
    let post = Post {
        key,
        published_at: Timestamp::from_micros(call.unix_seconds.saturating_mul(1_000_000)),
        article: call.article,
    };
    let folder = sites.join(&settings.site);
    let written = actix_rt::task::spawn_blocking(move || {
        if let Err(error) = site::write(&folder, &post) {
            // What is on this disk can be known: where the page is not, nothing is out.
            let may_have_left = site::may_be_there(&folder, &post.key);
            return Err((error, may_have_left));
        }
        if let Err(error) = site::rebuild(&folder, Some(&settings.title)) {
            log::warn!("index and feed of {} could not be rebuilt: {error}", folder.display());
        }
        Ok(())
    });
    match written.await {
        Ok(Ok(())) => Seen::Accepted(receipt),
        // A repeat writes the same page again, so whatever half was done does no harm.
        Ok(Err((error, may_have_left))) => Seen::Broke {
            problem: Problem::new("folder", KeptMessage::NotWritten { why: error.to_string() }),
            may_have_left,
        },
        Err(error) => Seen::Broke { problem: Problem::new("folder", error.to_string()), may_have_left: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_site_is_a_plain_folder_name() {
        let folder = Folder::new(Path::new("/nowhere"));
        let check = |site: &str| folder.check(&json!({"site": site}), &Credentials::default());
        assert!(check("my-site-2").is_ok());
        assert!(folder.check(&json!({}), &Credentials::default()).is_ok());
        for wrong in ["", "..", "a/b", "Site", "a b", &"x".repeat(61)] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
