//! What an entry waits for.

use super::super::{InChinese, chinese};
use super::kept;
use crate::domain::clock::Timestamp;
use crate::domain::kept::waiting::Waiting;
use crate::words::Sentence;

impl InChinese for Waiting {
    fn in_chinese(&self) -> Sentence {
        match self {
            Waiting::LookUpShut { at, shut } => {
                chinese("waiting-shut").with("what", look_up(*at)).with("shut", kept(shut))
            }
            Waiting::LookUp { at } => look_up(*at),
            Waiting::SecondLookUpShut { at, shut } => {
                chinese("waiting-shut").with("what", second_look_up(*at)).with("shut", kept(shut))
            }
            Waiting::SecondLookUp { at } => second_look_up(*at),
            Waiting::AnswerShut { since, at, shut } => {
                chinese("waiting-shut").with("what", answer(*since, *at)).with("shut", kept(shut))
            }
            Waiting::Answer { since, at } => answer(*since, *at),
            Waiting::RightKey => chinese("waiting-right-key"),
            Waiting::Approval => chinese("waiting-approval"),
            Waiting::EndOfPause => chinese("waiting-end-of-pause"),
            Waiting::NextAttempt { at } => chinese("waiting-next-attempt").with("at", *at),
            Waiting::SlotAfterMissed { at, missed } => {
                chinese("waiting-slot-after-missed").with("at", *at).with("missed", *missed)
            }
            Waiting::Slot { at } => chinese("waiting-slot").with("at", *at),
            Waiting::Time { at } => chinese("waiting-time").with("at", *at),
            Waiting::Place { busy, places } => {
                chinese("waiting-place").with("busy", busy.to_string()).with("places", places.to_string())
            }
            Waiting::Clock { why } => chinese("waiting-clock").with("why", why.as_str()),
            Waiting::Server => chinese("waiting-server"),
            Waiting::Run => chinese("waiting-run"),
        }
    }
}

fn look_up(at: Timestamp) -> Sentence {
    chinese("waiting-look-up").with("at", at)
}

fn second_look_up(at: Timestamp) -> Sentence {
    chinese("waiting-second-look-up").with("at", at)
}

fn answer(since: Timestamp, at: Timestamp) -> Sentence {
    chinese("waiting-answer").with("since", since).with("at", at)
}
