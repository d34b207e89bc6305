//! The platforms that a program knows. A new one is a line here.

use super::folder::Folder;
use super::platform::Platform;
use super::webhook::Webhook;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Platforms by name.
#[derive(Clone, Default)]
pub struct Registry(Vec<Arc<dyn Platform>>);

impl Registry {
    /// Those that come with the program. `sites` is where the folder platform writes.
    pub fn builtin(sites: &Path) -> Self {
        Registry::default().with(Arc::new(Webhook)).with(Arc::new(Folder::new(sites)))
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
