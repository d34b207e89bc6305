//! What is wrong with a task.

use super::{InChinese, chinese};
use crate::domain::fault::TaskFault;
use crate::words::Sentence;

impl InChinese for TaskFault {
    fn in_chinese(&self) -> Sentence {
        match self {
            TaskFault::NeededFor(kind) => chinese("task-needed-for").with("kind", kind.as_str()),
            TaskFault::NotFor(kind) => chinese("task-not-for").with("kind", kind.as_str()),
            TaskFault::OnDueOnlyPublishes { kind } => {
                chinese("task-on-due-only-publishes").with("kind", kind.as_str())
            }
            TaskFault::NeverFires => chinese("task-never-fires"),
            TaskFault::NamesNoAccount => chinese("task-names-no-account"),
            TaskFault::NamesNoContent => chinese("task-names-no-content"),
            TaskFault::TagBesideContents => chinese("task-tag-beside-contents"),
            TaskFault::NoContents => chinese("task-no-contents"),
            TaskFault::FolderNotAbsolute => chinese("task-folder-not-absolute"),
            TaskFault::NoFolder { path } => chinese("task-no-folder").with("path", path.as_str()),
            TaskFault::NotAFolder { path } => chinese("task-not-a-folder").with("path", path.as_str()),
            TaskFault::FolderNotWritable { path, why } => {
                chinese("task-folder-not-writable").with("path", path.as_str()).with("why", why.as_str())
            }
        }
    }
}
