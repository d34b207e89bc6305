//! Where the requests of all platforms go, and who looks their names up. A name is looked up once for a connection, each
//! address that was found is judged, and what is dialled is one of those: there is no second look-up that could find
//! another.

use crate::domain::fault::{AccountFault, Fault};
use crate::domain::kept::message::KeptMessage;
use crate::domain::outbound::{OutboundAllow, Refused};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use url::Url;

/// Finds the addresses of names.
pub trait Resolve: Send + Sync {
    /// The addresses of a host, in the order in which they are to be tried.
    fn look_up(&self, host: &str, port: u16) -> LocalBoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// As the system finds them.
struct System;

impl Resolve for System {
    fn look_up(&self, host: &str, port: u16) -> LocalBoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        async move {
            let found = actix_rt::task::spawn_blocking(move || (&*host, port).to_socket_addrs());
            Ok(found.await.map_err(io::Error::other)??.collect())
        }
        .boxed_local()
    }
}

/// What is known of where requests may go. Shared by the platforms of a program.
pub struct Outbound {
    allow: OutboundAllow,
    resolver: Arc<dyn Resolve>,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outbound").field(&self.allow.items()).finish()
    }
}

/// Why there is no address to dial.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAddress {
    #[error("{}", not_found(.0))]
    NotFound(#[source] io::Error),
    #[error("{}", KeptMessage::NameWithoutAddress)]
    None,
    #[error(transparent)]
    Refused(#[from] Refused),
}

fn not_found(error: &io::Error) -> KeptMessage {
    KeptMessage::NameNotFound { why: error.to_string() }
}

impl Outbound {
    /// To the public Internet, and to what is allowed besides.
    pub fn new(allow: OutboundAllow) -> Arc<Self> {
        Outbound::resolving_by(allow, Arc::new(System))
    }

    /// The same with a resolver of one's own.
    pub fn resolving_by(allow: OutboundAllow, resolver: Arc<dyn Resolve>) -> Arc<Self> {
        Arc::new(Outbound { allow, resolver })
    }

    /// Refuses a host of which it is certain, before anything is looked up, that nothing may be sent to it.
    pub fn check_early(&self, host: &str) -> Result<(), Refused> {
        self.allow.judge_early(host)
    }

    /// Refuses a text that is no address of http or https, and one of which it is certain that nothing may be sent to it.
    /// What a name leads to is seen when it is called.
    pub(super) fn check_url(&self, text: &str) -> Result<(), Fault> {
        let no_address = |error: url::ParseError| AccountFault::NoAddress {
            given: text.to_owned(),
            why: error.to_string(),
        };
        let url = Url::parse(text).map_err(no_address)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AccountFault::NotHttp.into());
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(AccountFault::NoHost.into());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AccountFault::UserInAddress.into());
        }
        Ok(self.check_early(host)?)
    }

    /// The addresses of a host that may be dialled. Where some of them may not be, they are left out; where none may,
    /// the first refusal is told.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, NoAddress> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let found = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => self.resolver.look_up(bare, port).await.map_err(NoAddress::NotFound)?,
        };
        let mut open = Vec::with_capacity(found.len());
        let mut refused = None;
        for address in found {
            match self.allow.judge(host, address.ip()) {
                Ok(()) => open.push(address),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match refused {
            Some(refusal) if open.is_empty() => Err(refusal.into()),
            _ if open.is_empty() => Err(NoAddress::None),
            _ => Ok(open),
        }
    }
}
