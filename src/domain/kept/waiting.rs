//! What an entry waits for. It is not kept, but told to programs in English, and read back for people like what is.

use super::template::kept_texts;
use crate::domain::clock::Timestamp;

kept_texts! {
    /// Beside what keeps its lane shut, see [`KeptShut`](super::shut::KeptShut).
    Waiting {
        LookUpShut { at: Timestamp, shut: String } =
            "a look-up, {at}: whether an earlier attempt has published it ({shut})",
        LookUp { at: Timestamp } = "a look-up, {at}: whether an earlier attempt has published it",
        SecondLookUpShut { at: Timestamp, shut: String } =
            "a second look-up, {at}: whether an earlier attempt has published it; the first did not find it ({shut})",
        SecondLookUp { at: Timestamp } =
            "a second look-up, {at}: whether an earlier attempt has published it; the first did not find it",
        AnswerShut { since: Timestamp, at: Timestamp, shut: String } =
            "its platform, which accepted it {since} and works on it; it is asked {at} ({shut})",
        Answer { since: Timestamp, at: Timestamp } =
            "its platform, which accepted it {since} and works on it; it is asked {at}",
        RightKey = "the right secret key: its account's credentials were sealed with another",
        Approval = "approval of its content",
        EndOfPause = "the end of a pause: all publishing is paused, until somebody resumes it",
        NextAttempt { at: Timestamp } = "the next attempt, {at}",
        SlotAfterMissed { at: Timestamp, missed: Timestamp } = "its slot, {at}; it missed the one of {missed}",
        Slot { at: Timestamp } = "its slot, {at}",
        Time { at: Timestamp } = "its time, {at}",
        Clock { why: String } = "the clock: {why}",
        Server = "a server: none runs. Start one with `contenthub serve`, or run a task that publishes it",
        Place { busy: i64, places: i32 } = "a place in its lane: {busy} of {places} are on the wire",
        Run = "a run: its turn has not come, or no enabled task publishes what is due",
    }
}
