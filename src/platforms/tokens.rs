//! Tokens: what a platform gives for an account's secret, and takes in its place for a while. All attempts of an account
//! share one, on all nodes. One of them at a time fetches it, and the others use the one that is good still, or wait.

use crate::domain::kept::message::KeptMessage;
use crate::domain::outcome::{Problem, Seen};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long whoever fetches one is left alone with it. Fetching takes less, so that only who died is overtaken.
pub const TURN_MAX: Duration = Duration::from_secs(12);
/// How soon others look whether it is there.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
/// A token is fetched anew so long before its end, or at half of its life where that is shorter.
const RENEWED_BEFORE_END: Duration = Duration::from_secs(300);

/// A token in the clear. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// What was fetched, and how long it is good from now on.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub token: Token,
    pub lifetime: Duration,
}

impl Fetched {
    /// After so long a new one is fetched.
    pub fn renewed_after(&self) -> Duration {
        self.lifetime - RENEWED_BEFORE_END.min(self.lifetime / 2)
    }
}

/// What is wanted of the shelf.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is for: where it is fetched, by which name and with which secret. It tells none of these.
    pub purpose: String,
    /// One that the platform has just refused is not good, whatever its time.
    pub refused: Option<Token>,
}

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// This one is good.
    Good(Token),
    /// Whoever is told so fetches one. The old one may be good for a while yet.
    Yours { old: Option<Token> },
    /// Another one fetches it.
    Wait,
}

/// Where the token of one account is kept, for one attempt. What fails is told in words for people.
pub trait Shelf: Send + Sync {
    fn turn(&self, wanted: Wanted) -> LocalBoxFuture<'static, Result<Turn, String>>;

    /// Keeps what was fetched, and ends the turn.
    fn keep(&self, purpose: String, fetched: Fetched) -> LocalBoxFuture<'static, Result<(), String>>;

    /// Ends a turn in which nothing was fetched.
    fn give_back(&self) -> LocalBoxFuture<'static, Result<(), String>>;
}

/// The tokens of one account.
#[derive(Clone)]
pub struct Tokens(Arc<dyn Shelf>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    pub fn kept_by(shelf: Arc<dyn Shelf>) -> Self {
        Tokens(shelf)
    }

    /// Kept nowhere: each that is wanted is fetched.
    pub fn unkept() -> Self {
        Tokens(Arc::new(Unkept))
    }

    /// One that is good, fetched where it is this attempt's turn. Where fetching fails, the old one is used as long as
    /// it is good.
    ///
    /// # Errors
    /// What fetching saw; or `NotKept`, where the shelf cannot be asked, or another one has not fetched it within
    /// `patience`.
    pub async fn get<Fetching>(
        &self,
        wanted: Wanted,
        patience: Duration,
        fetch: impl FnOnce() -> Fetching,
    ) -> Result<Token, Seen>
    where
        Fetching: Future<Output = Result<Fetched, Seen>>,
    {
        let until = Instant::now() + patience;
        let old = loop {
            let turn = self.0.turn(wanted.clone()).await;
            match turn.map_err(|why| not_there(KeptMessage::TokenNotKept { why }))? {
                Turn::Good(token) => return Ok(token),
                Turn::Yours { old } => break old,
                Turn::Wait if Instant::now() < until => sleep(LOOKS_EVERY).await,
                Turn::Wait => return Err(not_there(KeptMessage::TokenAwaited)),
            }
        };
        match (fetch().await, old) {
            (Ok(fetched), _) => {
                let token = fetched.token.clone();
                // It is good, kept or not.
                let kept = self.0.keep(wanted.purpose, fetched).await;
                kept.unwrap_or_else(|why| log::warn!("a token was fetched, and could not be kept: {why}"));
                Ok(token)
            }
            (Err(seen), old) => {
                let given_back = self.0.give_back().await;
                given_back.unwrap_or_else(|why| log::warn!("no token was fetched; others wait: {why}"));
                old.ok_or(seen)
            }
        }
    }
}

/// That says nothing of the platform.
fn not_there(message: KeptMessage) -> Seen {
    Seen::NotKept { problem: Problem::new("token_not_there", message), may_be_out: false }
}

struct Unkept;

impl Shelf for Unkept {
    fn turn(&self, _: Wanted) -> LocalBoxFuture<'static, Result<Turn, String>> {
        ready(Ok(Turn::Yours { old: None })).boxed_local()
    }

    fn keep(&self, _: String, _: Fetched) -> LocalBoxFuture<'static, Result<(), String>> {
        ready(Ok(())).boxed_local()
    }

    fn give_back(&self) -> LocalBoxFuture<'static, Result<(), String>> {
        ready(Ok(())).boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::collections::VecDeque;

    /// Says one thing after another, and notes what is kept.
    #[derive(Default)]
    struct Played {
        turns: Mutex<VecDeque<Turn>>,
        ends: Mutex<Vec<&'static str>>,
    }

    impl Shelf for Arc<Played> {
        fn turn(&self, _: Wanted) -> LocalBoxFuture<'static, Result<Turn, String>> {
            let turn = self.turns.lock().pop_front();
            ready(turn.ok_or_else(|| "nothing more is played".to_owned())).boxed_local()
        }

        fn keep(&self, _: String, _: Fetched) -> LocalBoxFuture<'static, Result<(), String>> {
            self.ends.lock().push("kept");
            ready(Ok(())).boxed_local()
        }

        fn give_back(&self) -> LocalBoxFuture<'static, Result<(), String>> {
            self.ends.lock().push("given back");
            ready(Ok(())).boxed_local()
        }
    }

    fn token(text: &str) -> Token {
        Token(text.to_owned())
    }

    fn got(
        turns: impl Into<VecDeque<Turn>>,
        fetched: Result<Fetched, Seen>,
    ) -> (Result<Token, Seen>, Vec<&'static str>) {
        let played = Arc::new(Played { turns: Mutex::new(turns.into()), ..Played::default() });
        let tokens = Tokens::kept_by(Arc::new(played.clone()));
        let wanted = Wanted { purpose: "p".to_owned(), refused: None };
        let patience = Duration::from_secs(20);
        let got = actix_rt::System::new().block_on(tokens.get(wanted, patience, || ready(fetched)));
        let ends = std::mem::take(&mut *played.ends.lock());
        (got, ends)
    }

    #[test]
    fn whoever_has_the_turn_fetches_and_others_use_what_is_good_or_wait() {
        let new = || Ok(Fetched { token: token("new"), lifetime: Duration::from_secs(7200) });
        let failed = || Err(Seen::NothingLeft(Problem::new("refused", "refused")));
        let (good, yours) = (|| Turn::Good(token("good")), |old| Turn::Yours { old });
        assert_eq!(got([good()], new()), (Ok(token("good")), vec![]));
        assert_eq!(got([Turn::Wait, Turn::Wait, good()], new()), (Ok(token("good")), vec![]));
        assert_eq!(got([yours(None)], new()), (Ok(token("new")), vec!["kept"]));
        assert_eq!(got([Turn::Wait, yours(None)], new()), (Ok(token("new")), vec!["kept"]));
        let old = Some(token("old"));
        assert_eq!(got([yours(old.clone())], failed()), (Ok(token("old")), vec!["given back"]));
        let (seen, ends) = got([yours(None)], failed());
        assert!(matches!(seen, Err(Seen::NothingLeft(_))) && ends == ["given back"], "{seen:?} {ends:?}");
        let (seen, _) = got(Vec::new(), new());
        assert!(matches!(seen, Err(Seen::NotKept { may_be_out: false, .. })), "{seen:?}");
    }

    #[test]
    fn a_token_is_renewed_in_its_last_minutes_or_its_last_half() {
        for (lifetime, after) in [(7200, 6900), (600, 300), (599, 300), (60, 30), (1, 1), (0, 0)] {
            let fetched = Fetched { token: token("x"), lifetime: Duration::from_secs(lifetime) };
            assert_eq!(fetched.renewed_after().as_secs_f64().round(), f64::from(after), "{lifetime}");
        }
    }
}
