//! The clients: how each is installed and run, and what it has to call at least.

use crate::support::wechat::pictures::sha256;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Client {
    /// Also the end of the source URL that it publishes under.
    pub name: &'static str,
    kind: Kind,
    /// The interfaces that it has to have called.
    pub calls: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum Kind {
    Python,
    Node,
}

pub const CLIENTS: &[Client] = &[
    Client { name: "wechatpy", kind: Kind::Python, calls: &with_tokens_of("token") },
    Client { name: "node-easywechat", kind: Kind::Node, calls: &with_tokens_of("stable_token") },
];

const fn with_tokens_of(interface: &'static str) -> [&'static str; 14] {
    [
        interface,
        "material/add_material",
        "media/uploadimg",
        "draft/add",
        "draft/get",
        "draft/delete",
        "draft/batchget",
        "draft/update",
        "draft/count",
        "freepublish/submit",
        "freepublish/get",
        "freepublish/batchget",
        "freepublish/getarticle",
        "freepublish/delete",
    ]
}

impl Client {
    /// Puts what it needs into a folder of its own, where it is missing or of other versions; gives that folder.
    pub fn install(&self) -> Result<PathBuf, String> {
        let here = here();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wechat_clients").join(self.name);
        let pins = match self.kind {
            Kind::Python => ["requirements.txt"].as_slice(),
            Kind::Node => &["package.json", "package-lock.json"],
        };
        let mut wanted = Vec::new();
        for pin in pins {
            wanted.extend(std::fs::read(here.join(pin)).map_err(|error| format!("{pin}: {error}"))?);
        }
        let mark = folder.join(sha256(&wanted));
        if mark.exists() {
            return Ok(folder);
        }
        println!("{}: installing", self.name);
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        match self.kind {
            Kind::Python => {
                carry_out(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
                let install =
                    ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
                let pip = &mut Command::new(folder.join("bin/python"));
                carry_out(pip.args(install).arg(here.join("requirements.txt")))?;
            }
            Kind::Node => {
                for pin in pins {
                    std::fs::copy(here.join(pin), folder.join(pin)).map_err(failed)?;
                }
                let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
                carry_out(Command::new("npm").args(install).current_dir(&folder))?;
            }
        }
        std::fs::write(mark, "").map_err(failed)?;
        Ok(folder)
    }

    pub fn run(&self, installed: &Path, arguments: &[&str]) -> Result<(), String> {
        let mut command = match self.kind {
            Kind::Python => {
                let mut command = Command::new(installed.join("bin/python"));
                command.arg(here().join("wechatpy_client.py"));
                command
            }
            Kind::Node => {
                let mut command = Command::new("node");
                // A module is looked for beside the script that asks for it, else here.
                command.env("NODE_PATH", installed.join("node_modules"));
                command.arg(here().join("node_easywechat_client.js"));
                command
            }
        };
        // No proxy stands between it and this machine.
        command.args(arguments).env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        carry_out(&mut command)
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wechat_clients")
}

fn carry_out(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}
