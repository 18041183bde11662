//! What every mutation has alike: a payload of the object and the reasons why not, and the one way from an input to an act.

use super::error::{Code, broken};
use super::loaders;
use super::page::{Noun, bad_input, failed};
use super::scalars::{Currency, DecimalText, units};
use crate::app::change::{Act, Asked, perform};
use crate::storage::RequestKey;
use async_graphql::registry::{MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{
    Context, ContextSelectionSet, ID, InputObject, MaybeUndefined, Name, Object, OutputType, Positioned, Result, ServerResult,
    TypeName, Value,
};
use pipewright_core::change::{Refusal, Refused};
use pipewright_core::currency::CurrencyCode;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::marker::PhantomData;
use uuid::Uuid;

/// The id of the request that is answered.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Letters of an idempotency key, at most.
const LONGEST_KEY: usize = 200;

/// The reasons that every act has, before its own: code, meaning, message, field.
const COMMON: [(&str, &str, &str, Option<&str>); 3] = [
    ("NOT_FOUND", "There is no such object, or none that the caller may know of.", "there is no such object", Some("id")),
    (
        "CONFLICT",
        "It has changed since the version that the input names; the payload carries it as it stands now.",
        "the object has changed since: look at it again, and send its new version",
        Some("version"),
    ),
    (
        "KEY_TAKEN",
        "The idempotency key was used for another request within the last 24 hours.",
        "the idempotency key was used for another request: choose a new one",
        Some("idempotencyKey"),
    ),
];

/// The code of a reason why something was not changed.
pub struct ErrorCode<R>(&'static str, PhantomData<R>);

impl<R: Refusal> TypeName for ErrorCode<R> {
    fn type_name() -> Cow<'static, str> {
        format!("{}ErrorCode", R::NAME).into()
    }
}

impl<R: Refusal> OutputType for ErrorCode<R> {
    fn type_name() -> Cow<'static, str> {
        <Self as TypeName>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let values = || {
            let own = R::ALL.iter().map(|reason| (reason.code(), reason.meaning()));
            let all = COMMON.iter().map(|(code, meaning, ..)| (*code, *meaning)).chain(own);
            all.map(|(code, meaning)| (code.to_owned(), enum_value(code, meaning))).collect()
        };
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| MetaType::Enum {
            name: <Self as TypeName>::type_name().into_owned(),
            description: Some(
                "Why nothing was changed, in order of precedence: where several hold, the first is told.".to_owned(),
            ),
            enum_values: values(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: Some(std::any::type_name::<Self>()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        })
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<async_graphql::parser::types::Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Enum(Name::new(self.0)))
    }
}

fn enum_value(code: &str, meaning: &str) -> MetaEnumValue {
    MetaEnumValue {
        name: code.to_owned(),
        description: Some(meaning.to_owned()),
        deprecation: Default::default(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
    }
}

/// What a person can mend, for one act.
pub struct UserError<R> {
    code: &'static str,
    message: String,
    field: Option<&'static str>,
    of: PhantomData<R>,
}

impl<R: Refusal> From<Refused<R>> for UserError<R> {
    fn from(refused: Refused<R>) -> Self {
        let common = |place: usize| {
            let (code, _, message, field) = COMMON[place];
            Self { code, message: message.to_owned(), field, of: PhantomData }
        };
        match refused {
            Refused::NotFound => common(0),
            Refused::Conflict => common(1),
            Refused::KeyTaken => common(2),
            Refused::Because(reason) => {
                Self { code: reason.code(), message: reason.message().to_owned(), field: reason.field(), of: PhantomData }
            }
        }
    }
}

impl<R: Refusal> TypeName for UserError<R> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Error", R::NAME).into()
    }
}

/// Why nothing was changed: what a person can mend.
#[Object(name_type)]
impl<R: Refusal> UserError<R> {
    /// The reason.
    async fn code(&self) -> ErrorCode<R> {
        ErrorCode(self.code, PhantomData)
    }

    /// The reason in words, with the way out.
    async fn message(&self) -> &str {
        &self.message
    }

    /// The field of the input that it is about, as a path from the input; empty where it is about the whole.
    async fn path(&self) -> Vec<&'static str> {
        self.field.into_iter().collect()
    }
}

/// Declares the payload of a mutation: the object, by its own name, and the reasons why not.
macro_rules! payload {
    ($(#[$doc:meta])* $payload:ident { $(#[$field_doc:meta])* $field:ident: $noun:ty } or $refusal:ty) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $payload {
            $(#[$field_doc])*
            pub $field: Option<$noun>,
            /// Why nothing was changed; empty where it was.
            pub user_errors: Vec<crate::graphql::change::UserError<$refusal>>,
        }

        impl From<crate::graphql::change::Answer<$noun, $refusal>> for $payload {
            fn from(answer: crate::graphql::change::Answer<$noun, $refusal>) -> Self {
                Self { $field: answer.object, user_errors: answer.errors }
            }
        }
    };
}
pub(super) use payload;

/// What came of an act: the object as it stands now, and the reasons why nothing was changed.
pub struct Answer<N, R> {
    /// The object; `None` where there is none for this viewer, or no longer.
    pub object: Option<N>,
    /// Why not; empty where it was done.
    pub errors: Vec<UserError<R>>,
}

/// Does what a mutation asks for. `looked` is the object that the input names, where it names one.
///
/// # Errors
/// The database failed, or the key cannot be one.
pub async fn answer<N: Noun, A: Act>(
    ctx: &Context<'_>,
    key: Option<String>,
    looked: Option<Uuid>,
    act: A,
) -> Result<Answer<N, A::Refusal>> {
    let RequestId(request_id) = ctx.data_unchecked::<RequestId>().clone();
    let asked = Asked { request_id, key: key.map(|key| request_key(ctx, key)).transpose()? };
    let outcome = perform(super::app(ctx), super::caller(ctx), asked, &act).await.map_err(failed)?;
    let (object, errors) = match outcome {
        Ok(object) => (Some(object), Vec::new()),
        Err(refused) => (looked, vec![UserError::from(refused)]),
    };
    Ok(Answer { object: loaders::maybe::<N>(ctx, object).await?, errors })
}

/// The key with a short form of everything that the mutation was asked: the same key with other inputs is another request.
fn request_key(ctx: &Context<'_>, key: String) -> Result<RequestKey> {
    if key.is_empty() || key.chars().nth(LONGEST_KEY).is_some() {
        return Err(bad_input(format!("an idempotency key has 1 to {LONGEST_KEY} letters")));
    }
    let mut arguments = ctx.field().arguments().map_err(|_| broken(Code::BadUserInput, "the arguments cannot be read"))?;
    arguments.sort_by(|one, other| one.0.cmp(&other.0));
    let asked = serde_json::json!([ctx.field().name(), arguments]);
    let fingerprint = Sha256::digest(sorted(asked).to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(RequestKey { key, fingerprint })
}

/// Objects with their fields in order of name, so that the same input is the same text however it was written.
fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => {
            let ordered: std::collections::BTreeMap<_, _> = fields.into_iter().map(|(name, own)| (name, sorted(own))).collect();
            serde_json::Value::Object(ordered.into_iter().collect())
        }
        serde_json::Value::Array(items) => serde_json::Value::Array(items.into_iter().map(sorted).collect()),
        plain => plain,
    }
}

/// An amount of money in one currency.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct MoneyInput {
    /// The amount; not more decimals than the currency has.
    pub amount: DecimalText,
    /// The currency of the amount.
    pub currency: Currency,
}

impl MoneyInput {
    /// In minor units.
    ///
    /// # Errors
    /// It has more decimals than its currency, or is beyond what can be stored.
    pub fn minor(self) -> Result<(i64, CurrencyCode)> {
        let (DecimalText(amount), Currency(currency)) = (self.amount, self.currency);
        let minor = units(amount, currency.decimals());
        let wrong = || bad_input(format!("an amount of {currency} has at most {} decimals and 18 digits", currency.decimals()));
        minor.map(|minor| (minor, currency)).ok_or_else(wrong)
    }
}

/// What an update makes of a field: absent leaves it, null empties it.
pub(super) fn edit<T, U>(field: MaybeUndefined<T>, read: impl FnOnce(T) -> Result<U>) -> Result<Option<Option<U>>> {
    Ok(match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(read(value)?)),
    })
}

/// Reads the id of a noun into a typed id.
pub(super) fn id<T>(noun: &str, wrap: impl FnOnce(Uuid) -> T, id: &ID) -> Result<T> {
    super::node::parse_id(noun, id).map(wrap)
}
