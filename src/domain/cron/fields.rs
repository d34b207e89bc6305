//! What each field of an expression names, as a person wrote it: what fires is decided by it, and it is told in words.

use std::fmt;

/// The fields, in the order in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Weekday,
}

impl Kind {
    pub(super) const ALL: [Kind; 6] =
        [Kind::Second, Kind::Minute, Kind::Hour, Kind::Day, Kind::Month, Kind::Weekday];

    pub const fn min(self) -> u8 {
        match self {
            Kind::Second | Kind::Minute | Kind::Hour | Kind::Weekday => 0,
            Kind::Day | Kind::Month => 1,
        }
    }

    /// Sunday is 0 and 7.
    pub const fn max(self) -> u8 {
        match self {
            Kind::Second | Kind::Minute => 59,
            Kind::Hour => 23,
            Kind::Day => 31,
            Kind::Month => 12,
            Kind::Weekday => 7,
        }
    }

    /// How many different values it has.
    pub(super) const fn size(self) -> u8 {
        match self {
            Kind::Second | Kind::Minute => 60,
            Kind::Hour => 24,
            Kind::Day => 31,
            Kind::Month => 12,
            Kind::Weekday => 7,
        }
    }

    /// The names of its values, from the least on.
    pub(super) const fn names(self) -> &'static [&'static str] {
        match self {
            Kind::Second | Kind::Minute | Kind::Hour | Kind::Day => &[],
            Kind::Month => {
                &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            }
            Kind::Weekday => &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Second => "second",
            Kind::Minute => "minute",
            Kind::Hour => "hour",
            Kind::Day => "day of the month",
            Kind::Month => "month",
            Kind::Weekday => "weekday",
        })
    }
}

/// One part of a field; the parts of a list are united.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// `*` or `?`
    Every,
    /// `5`, `fri`
    Value(u8),
    /// `1-5`
    Range { from: u8, to: u8 },
    /// `*/5` (`whole`), `10-40/5`
    Step { from: u8, to: u8, by: u8, whole: bool },
    /// `L`: the last day of the month.
    LastDay,
    /// `LW`: the last day of the month from Monday to Friday.
    LastWorkday,
    /// `15W`: the day from Monday to Friday that is nearest to it, in the same month.
    NearestWorkday(u8),
    /// `5L`: the last one of the month.
    LastWeekday(u8),
    /// `5#2`: the second one of the month.
    NthWeekday { weekday: u8, nth: u8 },
}

/// A field, which has at least one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub kind: Kind,
    pub items: Vec<Item>,
}

impl Field {
    /// Whether it leaves everything open.
    pub fn is_open(&self) -> bool {
        self.items == [Item::Every]
    }

    /// Whether it names single values only: no `*`, range or step.
    pub fn is_fixed(&self) -> bool {
        self.items.iter().all(|item| matches!(item, Item::Value(_)))
    }

    /// Whether it begins with `*`, which decides how the two fields of days go together.
    fn begins_with_star(&self) -> bool {
        matches!(self.items.first(), Some(Item::Every | Item::Step { whole: true, .. }))
    }

    /// The plain values that it names, in order; `L`, `W` and `#` name none.
    pub fn values(&self) -> Vec<u8> {
        let mut values: Vec<u8> = self.items.iter().flat_map(|item| self.values_of(*item)).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    fn values_of(&self, item: Item) -> Vec<u8> {
        let normal = |value: u8| if self.kind == Kind::Weekday { value % 7 } else { value };
        match item {
            Item::Every => (self.kind.min()..self.kind.min() + self.kind.size()).collect(),
            Item::Value(value) => vec![normal(value)],
            Item::Range { from, to } => (from..=to).map(normal).collect(),
            Item::Step { from, to, by, .. } => {
                (from..=to).step_by(usize::from(by.max(1))).map(normal).collect()
            }
            Item::LastDay
            | Item::LastWorkday
            | Item::NearestWorkday(_)
            | Item::LastWeekday(_)
            | Item::NthWeekday { .. } => Vec::new(),
        }
    }

    /// The items that are not plain values.
    fn specials(&self) -> impl Iterator<Item = String> + '_ {
        self.items.iter().filter_map(|item| match item {
            Item::LastDay => Some("L".to_owned()),
            Item::LastWorkday => Some("LW".to_owned()),
            Item::NearestWorkday(day) => Some(format!("{day}W")),
            Item::LastWeekday(weekday) => Some(format!("{}L", weekday % 7)),
            Item::NthWeekday { weekday, nth } => Some(format!("{}#{nth}", weekday % 7)),
            Item::Every | Item::Value(_) | Item::Range { .. } | Item::Step { .. } => None,
        })
    }

    /// The same in numbers and lists alone, which the library reads as they are meant.
    fn plain(&self) -> String {
        if self.is_open() {
            return "*".to_owned();
        }
        let values = self.values().into_iter().map(|value| value.to_string());
        values.chain(self.specials()).collect::<Vec<_>>().join(",")
    }
}

/// How the two fields of days go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayRule {
    /// Neither says anything.
    Every,
    /// Only the day of the month does.
    Days,
    /// Only the weekday does.
    Weekdays,
    /// Both do: a day that either of them names.
    Either,
    /// Both do, and one begins with `*` (as in `*/2`): a day that both of them name.
    Both,
}

/// All fields of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub second: Field,
    pub minute: Field,
    pub hour: Field,
    pub day: Field,
    pub month: Field,
    pub weekday: Field,
}

impl Fields {
    pub fn day_rule(&self) -> DayRule {
        match (self.day.is_open(), self.weekday.is_open()) {
            (true, true) => DayRule::Every,
            (false, true) => DayRule::Days,
            (true, false) => DayRule::Weekdays,
            (false, false) if self.day.begins_with_star() || self.weekday.begins_with_star() => DayRule::Both,
            (false, false) => DayRule::Either,
        }
    }

    /// Whether hour and minute are single values, or lists of them: then it means times of the day, and fires once at
    /// each. Else it means a rhythm, and follows real time.
    pub fn is_fixed(&self) -> bool {
        self.hour.is_fixed() && self.minute.is_fixed()
    }

    /// As the library is given it: six fields.
    pub(super) fn plain(&self) -> String {
        let fields = [&self.second, &self.minute, &self.hour, &self.day, &self.month, &self.weekday];
        fields.map(Field::plain).join(" ")
    }

    /// The day of the month that it asks for and that none of its months has, if it therefore never fires.
    pub(super) fn impossible_day(&self) -> Option<u8> {
        if !matches!(self.day_rule(), DayRule::Days | DayRule::Both) {
            return None;
        }
        let always = |item: &Item| matches!(item, Item::LastDay | Item::LastWorkday | Item::Every);
        if self.day.items.iter().any(always) {
            return None;
        }
        let nearest = self.day.items.iter().filter_map(|item| match item {
            Item::NearestWorkday(day) => Some(*day),
            _ => None,
        });
        let first = self.day.values().into_iter().chain(nearest).min()?;
        let longest = self.month.values().into_iter().map(days_max).max()?;
        (first > longest).then_some(first)
    }
}

/// The days of a month, in a leap year.
fn days_max(month: u8) -> u8 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
