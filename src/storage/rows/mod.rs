//! Rows by noun: typed filters, orders, keyset pages forward and backward, and batches by id for loaders.
//!
//! Every function takes a [`Scope`]. Every page, however many parents it is for, is one statement. The same text runs on
//! both databases: instants, days and codes are integers, text is compared by bytes, and null sorts last in either direction.

mod campaign;
mod catalog;
mod changed;
mod column;
mod exchange_rate;
mod filter;
mod key;
mod opportunity;
mod party;
mod query;
mod record;
mod rep;
mod review;
mod run;
mod target;
#[cfg(test)]
mod tests;
mod touchpoint;

pub use campaign::CampaignColumn;
pub use catalog::{NamedColumn, ProductColumn, StageColumn};
pub use column::{Column, Kind, Value};
pub use exchange_rate::ExchangeRateColumn;
pub use filter::{Filter, Test};
pub use key::{BadKey, Key};
pub use opportunity::{ContactRoleColumn, LineColumn, OpportunityColumn, OpportunityState, SplitColumn, VersionColumn};
pub use party::{AccountColumn, ContactColumn, LeadColumn};
pub use query::{Found, Order, Page, Window};
pub use record::Record;
pub use rep::{RepColumn, TenureColumn};
pub use review::ReviewColumn;
pub use run::{CreditColumn, RunColumn};
pub use target::{AdjustmentColumn, ForecastColumn, TargetColumn};
pub use touchpoint::TouchpointColumn;
