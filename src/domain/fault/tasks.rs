//! What can be wrong with a task: its schedule, and what it is told.

use crate::domain::schedule::ScheduleType;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskFault {
    #[error("is needed for schedule_type {0}")]
    NeededFor(ScheduleType),
    #[error("does not go with schedule_type {0}")]
    NotFor(ScheduleType),
    #[error("on_due goes with publishing tasks only, not with {kind}")]
    OnDueOnlyPublishes { kind: String },
    #[error("never fires: there is no such day")]
    NeverFires,
    #[error("must name at least one; leave it out for all")]
    NamesNoAccount,
    #[error("must name at least one")]
    NamesNoContent,
    #[error("does not go with content_ids; say one of them")]
    TagBesideContents,
    #[error("say which contents: by tag, or by content_ids")]
    NoContents,
    #[error("must be an absolute path on the server, such as /srv/posts")]
    FolderNotAbsolute,
    #[error("there is no folder {path}; make it, or mount its disk")]
    NoFolder { path: String },
    #[error("{path} is not a folder")]
    NotAFolder { path: String },
    /// With the words of the operating system.
    #[error(
        "{path} cannot be written ({why}); give it to the user who runs ContentHub, or name another folder"
    )]
    FolderNotWritable { path: String, why: String },
}
