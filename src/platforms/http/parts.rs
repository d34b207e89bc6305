//! The body of a request, given to awc in parts: it copies what it is given into a buffer of its own, and a picture of 10 MB
//! would be in memory twice.

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// In bytes.
const PART_MAX: usize = 32 * 1024;

/// What is still to be written. An empty one is a body without bytes, as awc has it.
pub(super) struct Parts {
    whole: u64,
    left: Bytes,
}

impl Parts {
    pub fn of(body: Bytes) -> Self {
        Parts { whole: u64::try_from(body.len()).unwrap_or(u64::MAX), left: body }
    }
}

impl MessageBody for Parts {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.whole)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let length = self.left.len().min(PART_MAX);
        let part = self.left.split_to(length);
        Poll::Ready(Some(part).filter(|part| !part.is_empty()).map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::poll_fn;

    #[test]
    fn a_body_comes_in_parts_and_whole() {
        for length in [0, 1, PART_MAX, PART_MAX + 1, 3 * PART_MAX] {
            let body = Bytes::from_iter((0..length).map(|at| u8::try_from(at % 251).unwrap_or(0)));
            let mut parts = Parts::of(body.clone());
            assert_eq!(parts.size(), BodySize::Sized(u64::try_from(length).expect("a length")));
            let mut came = Vec::new();
            loop {
                let next = poll_fn(|cx| Pin::new(&mut parts).poll_next(cx)).now_or_never().expect("at once");
                let Some(Ok(part)) = next else { break };
                assert!((1..=PART_MAX).contains(&part.len()));
                came.extend_from_slice(&part);
            }
            assert_eq!(came, body);
        }
    }
}
