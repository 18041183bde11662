//! What can be untidy about an open opportunity, and the score that follows.

/// What is untidy about an open opportunity as of T. Each is defined by [`super::Life`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Flag {
    /// The close date lies before T's day.
    CloseDatePassed = 0,
    /// No next step is written down.
    NoNextStep = 1,
    /// Neither amount nor ACV is known and other than 0.
    NoAmount = 2,
    /// No contact has a part in it.
    NoContactRole = 3,
    /// No line names a product.
    NoProduct = 4,
    /// Neither a primary campaign nor a lead source that maps to one of the eleven sources.
    NoSource = 5,
    /// It is in its stage for longer than so many times the median of those that left the stage.
    StageTooOld = 6,
    /// The close date moved into a later calendar month too often.
    PushedOften = 7,
    /// It stands at an earlier place in the process than it had reached.
    StageMovedBack = 8,
    /// No rep acted on it for too long.
    NoActivity = 9,
    /// Nobody owns it, or somebody who can no longer sign in.
    OwnerInactive = 10,
    /// No manager reviewed it for too long.
    NotReviewed = 11,
}

impl Flag {
    /// How many there are.
    pub const COUNT: usize = 12;

    /// All twelve, in the order of their codes.
    pub const ALL: [Self; Self::COUNT] = [
        Self::CloseDatePassed,
        Self::NoNextStep,
        Self::NoAmount,
        Self::NoContactRole,
        Self::NoProduct,
        Self::NoSource,
        Self::StageTooOld,
        Self::PushedOften,
        Self::StageMovedBack,
        Self::NoActivity,
        Self::OwnerInactive,
        Self::NotReviewed,
    ];
}

/// Some of the flags; one bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u16);

impl Flags {
    /// Whether this one is raised.
    pub fn contains(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    /// How many are raised.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Those raised, in the order of their codes.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |flag| self.contains(*flag))
    }

    /// The score of an opportunity with these flags: see [`score`].
    pub fn score(self) -> u8 {
        score(u64::from(self.count()), 1).expect("there is one opportunity")
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        Self(flags.into_iter().fold(0, |bits, flag| bits | 1 << flag as u8))
    }
}

/// The share of flags that are not raised, in percent, 0 to 100, rounded to a whole number (halves up): each of the twelve
/// flags of each opportunity counts the same, whatever its ACV, for what has no amount would have no weight. `raised` are those
/// of all `opportunities` together; `None` without any opportunity.
pub fn score(raised: u64, opportunities: u64) -> Option<u8> {
    let all = opportunities * Flag::COUNT as u64;
    let percent = ((all - raised) * 200 + all).checked_div(all * 2)?;
    Some(u8::try_from(percent).expect("a share is 100 percent at most"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_the_share_of_flags_not_raised_in_whole_percent() {
        for (raised, opportunities, expected) in [
            (0, 0, None),
            (0, 1, Some(100)),
            (1, 1, Some(92)),
            (2, 1, Some(83)),
            (3, 1, Some(75)),
            (4, 1, Some(67)),
            (6, 1, Some(50)),
            (12, 1, Some(0)),
            (3, 2, Some(88)),
            (1, 200, Some(100)),
            (13, 2, Some(46)),
        ] {
            assert_eq!(score(raised, opportunities), expected, "{raised} of {opportunities} times 12");
        }
    }

    #[test]
    fn flags_are_a_set() {
        let flags: Flags = [Flag::NotReviewed, Flag::NoAmount, Flag::NoAmount].into_iter().collect();
        assert_eq!(flags.iter().collect::<Vec<_>>(), [Flag::NoAmount, Flag::NotReviewed]);
        assert_eq!((flags.count(), flags.score()), (2, 83));
        assert!(flags.contains(Flag::NoAmount) && !flags.contains(Flag::NoProduct));
    }
}
