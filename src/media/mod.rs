//! Files of pictures: read for what they are, kept by what they hold, and made to fit. It knows no database, no platform
//! and no network, and all of it blocks: on an async thread it belongs into `spawn_blocking`.

mod codec;
mod facts;
mod fitted;
mod shrink;
mod store;

pub use facts::facts;
pub use fitted::{Anew, Fitted, check_whole, fit};
pub use store::{FOLDERS, Received, Store, StoreError, Writing, Written};
