//! The people who sell, and the roles they held over time.

use crate::ids::{DataVersion, RepId, TenureId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// The five selling roles: the cylinders of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Role {
    /// Account executive.
    Ae = 0,
    /// Business development rep: outbound.
    Bdr = 1,
    /// Sales development rep: inbound, from web, chat and calls.
    Sdr = 2,
    /// Enterprise corporate specialist: the small deals of large accounts, new business.
    Ecs = 3,
    /// Cloud sales: one product, mostly on existing deals.
    CloudSales = 4,
}

impl Role {
    /// All five, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Ae, Self::Bdr, Self::Sdr, Self::Ecs, Self::CloudSales];
}

/// A person who sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rep {
    /// Derived from the external id, or v7.
    pub id: RepId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// Full name.
    pub name: String,
    /// Personal field.
    pub email: Option<String>,
    /// Whether they can still sign in to the source system.
    pub is_active: bool,
    /// First day at work.
    pub hired_on: Option<NaiveDate>,
    /// The change that brought this state of the row.
    pub recorded: DataVersion,
}

/// What a rep did from an instant on, until their next tenure. Append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    /// Derived from (rep, valid_from).
    pub id: TenureId,
    /// Who.
    pub rep: RepId,
    /// The selling role; null for managers and others who do not sell themselves.
    pub role: Option<Role>,
    /// Whom they report to.
    pub manager: Option<RepId>,
    /// From when.
    pub valid_from: DateTime<Utc>,
    /// The change that brought it.
    pub recorded: DataVersion,
}
