//! WeChat's API for official accounts, simulated: what a publisher asks of it, with its answers, limits, quotas, tokens
//! that expire, publication that takes its time, and switches for what goes wrong. It counts what readers got to see, what
//! was uploaded, and who called what with which token.
//!
//! What is played is what WeChat documents (<https://developers.weixin.qq.com/doc/service/api/>); where that says nothing,
//! [`behaviour`] has a switch, or a comment says what was chosen. `tests/wechat_clients` shows that clients which others
//! wrote take it for WeChat.
//!
//! It has a thread for each connection over a bare socket, as the receiver beside it has, and no HTTP server: most of what
//! it is for happens to connections (a reset before or after the effect, no answer at all), which a server of actix-web's
//! keeps from its handlers. Forms are read by actix-multipart.
//!
//! In a test: `let wechat = WeChat::start();`, then `wechat.url()`, the switches, and the counters. As a process of its
//! own: [`own_process`].

pub mod account;
pub mod articles;
pub mod asking;
pub mod behaviour;
mod connection;
pub mod control;
mod drafts;
pub mod faults;
mod form;
pub mod interface;
pub mod ledger;
mod numbers;
pub mod own_process;
pub mod pictures;
pub mod publications;
mod quotas;
pub mod refusal;
mod request;
mod tokens;
mod world;

use crate::support::clock::SteppedClock;
use account::{Account, Rights};
use behaviour::Behaviour;
use connection::Shared;
use contenthub::Timestamp;
use drafts::Draft;
use faults::{Fault, Planned};
use interface::Interface;
use ledger::{Call, Visible};
use pictures::Upload;
use publications::End;
use quotas::Span;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use world::World;

/// The account that is there from the start. It may publish.
pub const APPID: &str = "wx0123456789abcdef";
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Connections that nobody has taken yet.
const WAITING_MAX: i32 = 4096;

/// Listens until it is dropped.
pub struct WeChat {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl WeChat {
    /// With a clock that stands still but for the test's hand.
    pub fn start() -> Self {
        WeChat::start_with(Arc::new(SteppedClock::standing()))
    }

    pub fn start_with(clock: Arc<SteppedClock>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        // Where there is no room for one more connection, the system drops it, and tries again a second later.
        rustix::net::listen(&listener, WAITING_MAX).expect("a longer queue");
        let address = listener.local_addr().expect("the address just bound");
        let shared = Arc::new(Shared::new(clock));
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || connection::accept(&listener, &shared)
        });
        let wechat = WeChat { address, shared, listening: Some(listening) };
        wechat.add_account(APPID, SECRET, Rights::Publishing);
        wechat
    }

    /// What clients take for `https://api.weixin.qq.com`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn clock(&self) -> &SteppedClock {
        &self.shared.clock
    }

    pub fn add_account(&self, appid: &str, secret: &str, rights: Rights) {
        let account = Account::new(appid, secret, rights);
        self.shared.now(|world, _| world.accounts.insert(appid.to_owned(), account));
    }

    /// Changes how it behaves, from the next request on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.shared.now(|world, _| change(&mut world.behaviour));
    }

    /// The next `times` requests of an interface, of whichever account, have this fault. Those planned first come first.
    pub fn plan(&self, interface: Interface, times: u32, fault: Fault) {
        self.shared.now(|world, _| world.faults.plan(Planned { interface, appid: None, times, fault }));
    }

    /// The same of one account.
    pub fn plan_for(&self, appid: &str, interface: Interface, times: u32, fault: Fault) {
        let appid = Some(appid.to_owned());
        self.shared.now(|world, _| world.faults.plan(Planned { interface, appid, times, fault }));
    }

    /// How many planned faults nobody has met yet.
    pub fn faults_left(&self) -> u32 {
        self.shared.now(|world, _| world.faults.left())
    }

    /// Nothing goes wrong from now on.
    pub fn mend(&self) {
        self.shared.now(|world, _| world.faults.clear());
    }

    /// How the next `times` publications end that are submitted.
    pub fn end_next(&self, times: usize, end: End) {
        self.shared.now(|world, _| world.ends.extend(std::iter::repeat_n(end, times)));
    }

    /// The most requests of an interface in a day of Beijing.
    pub fn limit_a_day(&self, appid: &str, interface: Interface, times: u64) {
        self.of(appid, |account, _| account.quotas.limit(interface, Span::Day, times));
    }

    pub fn limit_a_minute(&self, appid: &str, interface: Interface, times: u64) {
        self.of(appid, |account, _| account.quotas.limit(interface, Span::Minute, times));
    }

    /// No token of the account is good any more, as if somebody else had fetched new ones.
    pub fn revoke_tokens(&self, appid: &str) {
        self.of(appid, |account, now| account.tokens.revoke(now));
    }

    /// Takes a published article away from readers, as WeChat does; false where there is none.
    pub fn ban(&self, appid: &str, article_id: &str) -> bool {
        self.of(appid, |account, _| account.publications.ban(article_id))
    }

    /// Ends the connections of all requests that hang now.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Waits until so many requests hang; panics where they do not within `limit`.
    #[track_caller]
    pub fn wait_for_hanging(&self, count: usize, limit: Duration) {
        assert!(self.shared.wait(limit, |state| state.hanging >= count), "fewer than {count} requests hang");
    }

    /// Waits until an interface was called so often; panics where it was not within `limit`.
    #[track_caller]
    pub fn wait_for(&self, interface: Interface, count: usize, limit: Duration) {
        let called = |world: &World| world.ledger.calls.iter().filter(|it| it.interface == interface).count();
        let is_so = self.shared.wait(limit, |state| called(&state.world) >= count);
        assert!(is_so, "fewer than {count} calls of {interface}");
    }

    /// Every call, in the order in which they were answered.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.now(|world, _| world.ledger.calls.clone())
    }

    pub fn calls_of(&self, interface: Interface) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.interface == interface).collect()
    }

    /// Every file that was taken.
    pub fn uploads(&self) -> Vec<Upload> {
        self.shared.now(|world, _| world.accounts.values().flat_map(|it| it.uploads.clone()).collect())
    }

    /// How often an account uploaded each file, whatever for.
    pub fn uploads_by_sha256(&self, appid: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for upload in self.uploads().into_iter().filter(|upload| upload.appid == appid) {
            *counts.entry(upload.sha256).or_insert(0) += 1;
        }
        counts
    }

    /// The drafts that are there, oldest first.
    pub fn drafts(&self, appid: &str) -> Vec<Draft> {
        self.of(appid, |account, _| account.drafts.all().to_vec())
    }

    /// Every article that became visible to readers, in order, even where it was taken away again.
    pub fn visible(&self) -> Vec<Visible> {
        self.shared.now(|world, _| world.ledger.visible.clone())
    }

    /// How often each article was made visible, by its account, article_id and place.
    pub fn visible_by_article(&self) -> BTreeMap<String, usize> {
        self.visible_by(|it| format!("{} {} {}", it.appid, it.article_id, it.index))
    }

    /// The same by what the publisher set as content_source_url, its marker with it.
    pub fn visible_by_source_url(&self) -> BTreeMap<String, usize> {
        self.visible_by(|it| it.content_source_url.clone())
    }

    pub fn visible_by_title(&self) -> BTreeMap<String, usize> {
        self.visible_by(|it| it.title.clone())
    }

    fn visible_by(&self, of: impl Fn(&Visible) -> String) -> BTreeMap<String, usize> {
        self.shared.now(|world, _| world.ledger.visible_by(of))
    }

    #[track_caller]
    fn of<T>(&self, appid: &str, act: impl FnOnce(&mut Account, Timestamp) -> T) -> T {
        let acted = self.shared.now(|world, now| Some(act(world.accounts.get_mut(appid)?, now)));
        acted.unwrap_or_else(|| panic!("no account {appid}"))
    }
}

impl Drop for WeChat {
    /// Frees the port and cuts the connections; requests that hang are not answered.
    fn drop(&mut self) {
        self.shared.stop();
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.listening.take() {
            let _ = thread.join();
        }
    }
}
