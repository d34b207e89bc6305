//! What is kept of an attempt in words that never change, so that whoever reads the log is told in their language.

use super::text_enum;

text_enum! {
    /// A message of the log that is ours, whole.
    KeptWord {
        WantedAgain = "a person wants it tried again",
        WantedNow = "a person wants it published now",
        NotOutTryAgain = "a person says that it is not out: try again",
        NotOut = "a person says that it is not out",
        NodeStopped = "the node stopped before the platform had answered",
        LookedUpOnce = "looked up, and not there; it is looked up once more",
        LookedUpTwice = "looked up twice, and not there: it is sent again",
        LookedUpNoTryLeft = "looked up twice, and not there; there is no try left",
    }
}
