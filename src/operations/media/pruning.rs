//! Pictures that nothing shows go after a while, and with them the files that nobody needs: what a program left that died
//! between a file and its row.

use super::remove_file;
use crate::db::connection::DbConnection;
use crate::db::media;
use crate::db::prune::Batch;
use crate::domain::clock::Timestamp;
use crate::domain::ids::MediaId;
use crate::media::FOLDERS;
use crate::operations::{Access, Context, Operation, OperationError};

/// Looks at a batch of pictures, in the order in which they came. One that no content shows is noted as unused; where that
/// was noted before `before`, it goes: first its row, and once that is certain, its file.
#[derive(Debug, Clone, Copy)]
pub struct PruneMedia {
    pub before: Timestamp,
    /// Where the batch before it ended; 0 at first.
    pub after: i64,
}

impl Operation for PruneMedia {
    /// What was done, and where the next batch goes on.
    type Output = (Batch, i64);
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        now: Timestamp,
    ) -> Result<(Batch, i64), OperationError> {
        let unused = conn.write::<_, OperationError>(|conn| {
            Ok(media::forget_unused(conn, MediaId(self.after), self.before, now)?)
        })?;
        for hash in &unused.gone {
            // What cannot be removed now is a file without a row, which is looked for below.
            if let Err(error) = remove_file(conn, cx, hash) {
                log::warn!("the file of a picture that nothing shows stays for now: {error}");
            }
        }
        Ok((unused.batch, unused.last.0))
    }
}

/// Removes the files of one folder that have no row and were written before `before`, whoever left them. One that is younger
/// may be on its way to have one.
#[derive(Debug, Clone, Copy)]
pub struct PruneFiles {
    pub before: Timestamp,
    /// The folder before it, from 1; 0 at first.
    pub after: i64,
}

impl Operation for PruneFiles {
    /// What was done, and where the next batch goes on.
    type Output = (Batch, i64);
    const ACCESS: Access = Access::Engine;

    fn run(
        self,
        conn: &mut DbConnection,
        cx: &Context,
        _: Timestamp,
    ) -> Result<(Batch, i64), OperationError> {
        let folder = u16::try_from(self.after).unwrap_or(FOLDERS);
        let mut removed = 0;
        if folder == 0 {
            removed += cx.media.sweep_incoming(self.before)?;
        }
        if folder < FOLDERS {
            let old = cx.media.older_than(self.before, folder)?;
            for hash in media::without_row(conn, &old)? {
                removed += usize::from(remove_file(conn, cx, &hash)?);
            }
        }
        let next = folder.saturating_add(1);
        Ok((Batch { removed, is_last: next >= FOLDERS }, i64::from(next)))
    }
}
