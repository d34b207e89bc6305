//! The kinds of tasks, a file each: what it is told, how that is checked, and what it does. Publishing itself is the
//! engine's; the others are jobs that one node does on a thread of its own.

mod backup;
mod import_folder;
mod params;
mod prune;
mod publishing;
mod recycle;

use crate::operations::task_type::TaskTypes;

/// Those that every installation has.
pub fn builtin() -> TaskTypes {
    TaskTypes::new([publishing::TYPE, import_folder::TYPE, recycle::TYPE, prune::TYPE, backup::TYPE])
}
