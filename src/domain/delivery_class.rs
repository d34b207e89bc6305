//! What a platform does with a post that it may have got already.

/// Every platform declares one; the outcome table (`outcome.rs`) has a column for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryClass {
    /// The platform or the receiver knows our key again and ignores a repeat.
    Keyed,
    /// After an unknown end the post can be looked up.
    Detects,
    /// Neither: after an unknown end only a person can tell.
    Blind,
}

impl DeliveryClass {
    pub const ALL: [DeliveryClass; 3] = [DeliveryClass::Keyed, DeliveryClass::Detects, DeliveryClass::Blind];

    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryClass::Keyed => "keyed",
            DeliveryClass::Detects => "detects",
            DeliveryClass::Blind => "blind",
        }
    }
}
