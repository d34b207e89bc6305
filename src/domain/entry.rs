//! The life of a pool entry: its statuses, and which of them may follow which, and why.
//! Only `db/claim.rs` and `db/transitions.rs` write a status; `tests/it/tidy.rs` holds them to that.

use super::text_enum;

text_enum! {
    /// Where an entry stands.
    EntryStatus {
        /// Waits until it is due, its lane is open and a slot is free.
        Pending = "pending",
        /// A node has claimed it, or the platform works on it.
        Publishing = "publishing",
        /// It is out. Final.
        Published = "published",
        /// It is not out, and will not be tried again unless a person asks.
        Failed = "failed",
        /// It may be out. A person, or a late proof, says whether.
        Uncertain = "uncertain",
        /// A person took it back before it went out.
        Cancelled = "cancelled",
    }
}

impl EntryStatus {
    /// An open entry keeps its content from being added again for the same account.
    pub fn is_open(self) -> bool {
        match self {
            EntryStatus::Pending | EntryStatus::Publishing | EntryStatus::Uncertain => true,
            EntryStatus::Published | EntryStatus::Failed | EntryStatus::Cancelled => false,
        }
    }
}

/// Why an entry changes its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A node takes it to publish it.
    Claim,
    /// The attempt ended, or its node did.
    AttemptEnded,
    /// It could not go out in time, or its platform was away too long: no attempt is made.
    GivenUp,
    /// A person takes it back.
    Cancel,
    /// A person, or a late proof, says what became of it.
    Resolve,
    /// A person wants it tried again.
    RetryByHand,
    /// The database is a copy that was put back: what became of it since the copy was made is not known.
    Restored,
}

impl Cause {
    pub const ALL: [Cause; 7] = [
        Cause::Claim,
        Cause::AttemptEnded,
        Cause::GivenUp,
        Cause::Cancel,
        Cause::Resolve,
        Cause::RetryByHand,
        Cause::Restored,
    ];
}

/// The whole table: what is not here cannot happen.
///
/// `Pending → Uncertain` stands beside `Pending → Failed` because an unproven entry is never called failed. A word
/// settles an entry that is pending only where it is unproven, and one that is publishing only where the platform works
/// on it; what a node has on the wire has an end of its own.
pub const TRANSITIONS: [(EntryStatus, Cause, EntryStatus); 19] = {
    use Cause::*;
    use EntryStatus::*;
    [
        (Pending, Claim, Publishing),
        (Publishing, AttemptEnded, Published),
        (Publishing, AttemptEnded, Failed),
        (Publishing, AttemptEnded, Uncertain),
        (Publishing, AttemptEnded, Pending),
        (Pending, GivenUp, Failed),
        (Pending, GivenUp, Uncertain),
        (Pending, Cancel, Cancelled),
        (Pending, Resolve, Published),
        (Pending, Resolve, Failed),
        (Publishing, Resolve, Published),
        (Publishing, Resolve, Pending),
        (Publishing, Resolve, Failed),
        (Uncertain, Resolve, Published),
        (Uncertain, Resolve, Pending),
        (Uncertain, Resolve, Failed),
        (Failed, RetryByHand, Pending),
        (Cancelled, RetryByHand, Pending),
        (Pending, Restored, Uncertain),
    ]
};

/// Whether `cause` may bring an entry from `from` to `to`.
pub fn may_change(from: EntryStatus, cause: Cause, to: EntryStatus) -> bool {
    TRANSITIONS.contains(&(from, cause, to))
}

/// Whether anything may bring an entry from `from` to `to`.
pub fn may_follow(from: EntryStatus, to: EntryStatus) -> bool {
    Cause::ALL.into_iter().any(|cause| may_change(from, cause, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use EntryStatus::*;

    #[test]
    fn the_table_is_the_one_of_the_design() {
        let legal = [
            (Pending, vec![Publishing, Published, Failed, Uncertain, Cancelled]),
            (Publishing, vec![Published, Failed, Uncertain, Pending]),
            (Uncertain, vec![Published, Pending, Failed]),
            (Failed, vec![Pending]),
            (Cancelled, vec![Pending]),
            (Published, vec![]),
        ];
        for (from, follows) in legal {
            for &to in EntryStatus::ALL {
                assert_eq!(may_follow(from, to), follows.contains(&to), "{from:?} → {to:?}");
            }
        }
    }

    #[test]
    fn each_cause_leads_from_and_to_what_it_says() {
        for (from, cause, to) in TRANSITIONS {
            let ends_right = match cause {
                Cause::Claim => (from, to) == (Pending, Publishing),
                Cause::AttemptEnded => from == Publishing && to != Cancelled,
                Cause::GivenUp => from == Pending && matches!(to, Failed | Uncertain),
                Cause::Cancel => (from, to) == (Pending, Cancelled),
                Cause::Resolve => from.is_open(),
                Cause::RetryByHand => to == Pending && !from.is_open(),
                Cause::Restored => (from, to) == (Pending, Uncertain),
            };
            assert!(ends_right, "{from:?} {cause:?} {to:?}");
        }
    }

    #[test]
    fn nothing_leaves_published() {
        assert!(TRANSITIONS.iter().all(|(from, _, _)| *from != Published));
    }
}
