//! The contents that an entry publishes beside its own, in one post: one claim, one key, one outcome.

use super::fault::PoolFault;
use super::ids::ContentId;

/// So many, beside the entry's own: no platform takes more.
pub const EXTRAS_MAX: usize = 7;

/// Further contents of an entry, in the order in which they are published. None of them is there twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Extras(Vec<ContentId>);

impl Extras {
    /// Beside this content.
    ///
    /// # Errors
    /// Where there are too many, or one of them is there twice or is the entry's own.
    pub fn beside(content: ContentId, extras: Vec<ContentId>) -> Result<Self, PoolFault> {
        if extras.len() > EXTRAS_MAX {
            return Err(PoolFault::TooManyExtras { has: extras.len(), most: EXTRAS_MAX });
        }
        let is_twice =
            |(place, extra): (usize, &ContentId)| *extra == content || extras[..place].contains(extra);
        match extras.iter().enumerate().find(|extra| is_twice(*extra)) {
            Some((_, twice)) => Err(PoolFault::ContentTwice(*twice)),
            None => Ok(Extras(extras)),
        }
    }

    /// As a list of the database has them, `7,9`. What cannot be read there was not written by us, and is left out.
    pub fn kept(list: &str) -> Self {
        Extras(list.split(',').filter_map(|id| id.parse().ok()).collect())
    }

    pub fn ids(&self) -> &[ContentId] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(ids: &[i64]) -> Result<Vec<i64>, PoolFault> {
        let extras = Extras::beside(ContentId(1), ids.iter().copied().map(ContentId).collect())?;
        Ok(extras.ids().iter().map(|id| id.0).collect())
    }

    #[test]
    fn up_to_seven_stand_beside_a_content_each_once_in_their_order() {
        assert_eq!(beside(&[]), Ok(vec![]));
        assert_eq!(beside(&[8, 7, 6, 5, 4, 3, 2]), Ok(vec![8, 7, 6, 5, 4, 3, 2]));
        assert_eq!(beside(&[2, 3, 4, 5, 6, 7, 8, 9]), Err(PoolFault::TooManyExtras { has: 8, most: 7 }));
        assert_eq!(beside(&[2, 3, 2]), Err(PoolFault::ContentTwice(ContentId(2))));
        assert_eq!(beside(&[2, 1]), Err(PoolFault::ContentTwice(ContentId(1))));
    }

    #[test]
    fn they_are_read_as_they_were_written() {
        assert_eq!(Extras::kept("7,9").ids(), [ContentId(7), ContentId(9)]);
        assert!(Extras::kept("").is_empty());
    }
}
