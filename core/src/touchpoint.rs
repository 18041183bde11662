//! Interactions that may earn credit, and the eleven sources they belong to.

use crate::campaign::Channel;
use crate::ids::{AccountId, CampaignId, ContactId, DataVersion, LeadId, OpportunityId, RepId, TouchpointId};
use crate::rep::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who or what earns credit: one of the five roles or of the six channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A selling role.
    Role(Role),
    /// A marketing channel.
    Channel(Channel),
}

impl Source {
    /// How many there are.
    pub const COUNT: usize = 11;

    /// 0 to 10: the roles, then the channels.
    pub fn code(self) -> u8 {
        match self {
            Self::Role(role) => role as u8,
            Self::Channel(channel) => 5 + channel as u8,
        }
    }

    /// The inverse of [`Self::code`]; `None` above 10.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0..=4 => Some(Self::Role(Role::ALL[usize::from(code)])),
            5..=10 => Some(Self::Channel(Channel::ALL[usize::from(code - 5)])),
            _ => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TouchpointKind {
    /// A page was opened and nothing more.
    BareVisit = 0,
    /// A form, an answer, an attendance: a person gave something.
    Response = 1,
    /// A person was put into a campaign without answering.
    Inclusion = 2,
    /// A rep called.
    Call = 3,
    /// A rep wrote.
    Email = 4,
    /// A rep met someone.
    Meeting = 5,
    /// Another task of a rep.
    Task = 6,
    /// A lead became a contact and, mostly, an opportunity.
    LeadConversion = 7,
    /// A rep passed a person on to another role.
    HandOff = 8,
}

/// One interaction. Append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touchpoint {
    /// Derived from the external id, or v7.
    pub id: TouchpointId,
    /// The source system's id.
    pub external_id: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: TouchpointKind,
    /// The marketing channel; null for what a rep did, whose source is the role they held at the time.
    pub channel: Option<Channel>,
    /// The rep who acted; null for marketing.
    pub rep: Option<RepId>,
    /// The campaign, for marketing.
    pub campaign: Option<CampaignId>,
    /// The person, as a contact.
    pub contact: Option<ContactId>,
    /// The person, as a lead.
    pub lead: Option<LeadId>,
    /// The company.
    pub account: Option<AccountId>,
    /// The opportunity it was logged on, where the source system says.
    pub opportunity: Option<OpportunityId>,
    /// The change that brought it.
    pub recorded: DataVersion,
}
