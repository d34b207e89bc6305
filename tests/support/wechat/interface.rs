//! The interfaces that are played: where each is, and how it is asked.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One interface of WeChat's. In JSON it is its path below `/cgi-bin/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Interface {
    StableToken,
    Token,
    AddMaterial,
    UploadImg,
    DraftAdd,
    DraftGet,
    DraftDelete,
    DraftBatchGet,
    DraftUpdate,
    DraftCount,
    PublishSubmit,
    PublishGet,
    PublishBatchGet,
    PublishGetArticle,
    PublishDelete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Interface {
    pub const ALL: [Interface; 15] = [
        Interface::StableToken,
        Interface::Token,
        Interface::AddMaterial,
        Interface::UploadImg,
        Interface::DraftAdd,
        Interface::DraftGet,
        Interface::DraftDelete,
        Interface::DraftBatchGet,
        Interface::DraftUpdate,
        Interface::DraftCount,
        Interface::PublishSubmit,
        Interface::PublishGet,
        Interface::PublishBatchGet,
        Interface::PublishGetArticle,
        Interface::PublishDelete,
    ];

    /// Its path below `/cgi-bin/`.
    pub fn name(self) -> &'static str {
        match self {
            Interface::StableToken => "stable_token",
            Interface::Token => "token",
            Interface::AddMaterial => "material/add_material",
            Interface::UploadImg => "media/uploadimg",
            Interface::DraftAdd => "draft/add",
            Interface::DraftGet => "draft/get",
            Interface::DraftDelete => "draft/delete",
            Interface::DraftBatchGet => "draft/batchget",
            Interface::DraftUpdate => "draft/update",
            Interface::DraftCount => "draft/count",
            Interface::PublishSubmit => "freepublish/submit",
            Interface::PublishGet => "freepublish/get",
            Interface::PublishBatchGet => "freepublish/batchget",
            Interface::PublishGetArticle => "freepublish/getarticle",
            Interface::PublishDelete => "freepublish/delete",
        }
    }

    pub fn path(self) -> String {
        format!("/cgi-bin/{}", self.name())
    }

    pub fn at(path: &str) -> Option<Self> {
        let name = path.strip_prefix("/cgi-bin/")?;
        Interface::ALL.into_iter().find(|interface| interface.name() == name)
    }

    pub fn method(self) -> Method {
        match self {
            Interface::Token | Interface::DraftCount => Method::Get,
            _ => Method::Post,
        }
    }

    /// Those that only verified accounts may ask.
    pub fn is_of_publishing(self) -> bool {
        self.name().starts_with("freepublish/")
    }
}

impl TryFrom<String> for Interface {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let found = Interface::ALL.into_iter().find(|interface| interface.name() == name);
        found.ok_or_else(|| format!("no interface {name}"))
    }
}

impl From<Interface> for &'static str {
    fn from(interface: Interface) -> Self {
        interface.name()
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
