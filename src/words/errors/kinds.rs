//! Kinds of things, and which accounts somebody may see.

use super::{InChinese, chinese, listed};
use crate::domain::resource::{Resource, Subject};
use crate::domain::scope::Scope;
use crate::domain::thing::Thing;
use crate::words::Sentence;

impl InChinese for Thing {
    fn in_chinese(&self) -> Sentence {
        match self {
            Thing::Account => chinese("thing-account"),
            Thing::Content => chinese("thing-content"),
            Thing::Entry => chinese("thing-entry"),
            Thing::Task => chinese("thing-task"),
            Thing::Execution => chinese("thing-execution"),
            Thing::LogRow => chinese("thing-log-row"),
            Thing::Token => chinese("thing-token"),
            Thing::Media => chinese("thing-media"),
        }
    }
}

impl InChinese for Resource {
    fn in_chinese(&self) -> Sentence {
        match self {
            Resource::Account => chinese("thing-account"),
            Resource::Content => chinese("thing-content"),
            Resource::Entry => chinese("thing-entry"),
            Resource::Pool => chinese("thing-pool"),
            Resource::Task => chinese("thing-task"),
            Resource::Execution => chinese("thing-execution"),
            Resource::Publishing => chinese("thing-publishing"),
            Resource::Token => chinese("thing-token"),
            Resource::Media => chinese("thing-media"),
            Resource::Import => chinese("thing-import"),
            Resource::Database => chinese("thing-database"),
        }
    }
}

impl InChinese for Subject {
    fn in_chinese(&self) -> Sentence {
        match self.id {
            Some(id) => chinese("thing-of-id").with("thing", self.kind.in_chinese()).with("id", id),
            None => self.kind.in_chinese(),
        }
    }
}

impl InChinese for Scope {
    fn in_chinese(&self) -> Sentence {
        match self {
            Scope::Everything => chinese("scope-everything"),
            Scope::Accounts(accounts) => chinese("scope-accounts").with("accounts", listed(accounts)),
        }
    }
}
