//! What can be asked for by its number or name.

use super::text_enum;

text_enum! {
    /// A kind of thing, as messages call it.
    Thing {
        Account = "account",
        Content = "content",
        Entry = "entry",
        Task = "task",
        Execution = "execution",
        /// An attempt on record.
        LogRow = "log row",
        Token = "token",
        Media = "picture",
    }
}
