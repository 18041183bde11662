//! The reasons why an act is refused, as clients are told them.

/// A closed list of reasons in order of precedence.
pub trait Refusal: Copy + Eq + std::fmt::Debug + Send + Sync + 'static {
    /// The act or noun that is refused, as it begins the names of the API's types: `OpportunityAdvance`.
    const NAME: &'static str;
    /// Every reason, in order of precedence.
    const ALL: &'static [Self];

    /// The code that clients tell it by.
    fn code(self) -> &'static str;

    /// When it is told, in a sentence.
    fn meaning(self) -> &'static str;

    /// What a person is told: the thing and the way out.
    fn message(self) -> &'static str;

    /// The field of the input that it is about; none where it is about the whole.
    fn field(self) -> Option<&'static str>;
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused<R> {
    /// There is no such object, or none that the viewer may know of.
    NotFound,
    /// It has changed since the caller looked.
    Conflict,
    /// The idempotency key was used for another request.
    KeyTaken,
    /// The act itself is refused.
    Because(R),
}

impl<R> From<R> for Refused<R> {
    fn from(reason: R) -> Self {
        Self::Because(reason)
    }
}

/// Declares a list of reasons: `Variant "CODE" about field: "message";`, the variant's comment being its meaning.
#[macro_export]
macro_rules! refusals {
    (
        $(#[$doc:meta])*
        $name:ident as $act:literal {
            $(#[doc = $meaning:literal] $reason:ident $code:literal $(about $field:literal)?: $message:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = $meaning] $reason,)*
        }

        impl $crate::change::Refusal for $name {
            const NAME: &'static str = $act;
            const ALL: &'static [Self] = &[$(Self::$reason),*];

            fn code(self) -> &'static str {
                match self { $(Self::$reason => $code,)* }
            }

            fn meaning(self) -> &'static str {
                match self { $(Self::$reason => $meaning.trim_ascii(),)* }
            }

            fn message(self) -> &'static str {
                match self { $(Self::$reason => $message,)* }
            }

            fn field(self) -> Option<&'static str> {
                match self { $(Self::$reason => $crate::refusals!(@field $($field)?),)* }
            }
        }
    };
    (@field) => { None };
    (@field $field:literal) => { Some($field) };
}
