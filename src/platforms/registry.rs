//! The platforms that a program knows. A new one is a line here.

use super::folder::Folder;
use super::outbound::Outbound;
use super::platform::Platform;
use super::webhook::Webhook;
use super::wechat::Wechat;
use crate::domain::outbound::OutboundAllow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Platforms by name.
#[derive(Clone, Default)]
pub struct Registry(Vec<Arc<dyn Platform>>);

impl Registry {
    /// Those that come with the program, with the default for programs that are reached from this machine alone:
    /// requests may go to the public Internet and to this machine. `sites` is where the folder platform writes.
    pub fn builtin(sites: &Path) -> Self {
        Registry::builtin_sending(sites, &Outbound::new(OutboundAllow::loopback()))
    }

    /// The same with requests that go where `outbound` lets them.
    pub fn builtin_sending(sites: &Path, outbound: &Arc<Outbound>) -> Self {
        Registry::default()
            .with(Arc::new(Webhook::new(outbound.clone())))
            .with(Arc::new(Folder::new(sites)))
            .with(Arc::new(Wechat::new(outbound.clone())))
    }

    /// One platform more; it takes the place of an earlier one of its name.
    pub fn with(mut self, platform: Arc<dyn Platform>) -> Self {
        self.0.retain(|known| known.name() != platform.name());
        self.0.push(platform);
        self
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn Platform>> {
        self.0.iter().find(|platform| platform.name() == name)
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Platform>> {
        self.0.iter()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|platform| platform.name())).finish()
    }
}
