//! The eleven sources of pipeline: five selling roles and six marketing channels.

use async_graphql::{Enum, Name, Value};
use pipewright_core::campaign::Channel;
use pipewright_core::rep::Role;
use pipewright_core::touchpoint;

/// Who or what earns credit: one of the five selling roles or of the six marketing channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Source {
    /// The role account executive.
    Ae,
    /// The role business development rep: outbound.
    Bdr,
    /// The role sales development rep: inbound, from web, chat and calls.
    Sdr,
    /// The role enterprise corporate specialist: the small deals of large accounts, new business.
    Ecs,
    /// The role cloud sales: one product, mostly on existing deals.
    CloudSales,
    /// The channel brand awareness.
    Brand,
    /// The channel demand generation.
    DemandGeneration,
    /// The channel events.
    Events,
    /// The channel account-based marketing.
    Abm,
    /// The channel digital.
    Digital,
    /// The channel enablement.
    Enablement,
}

impl Source {
    /// As a key and a filter spell it.
    pub fn name(self) -> String {
        match async_graphql::resolver_utils::enum_value(self) {
            Value::Enum(name) => name.to_string(),
            other => other.to_string(),
        }
    }

    /// The source of this spelling.
    pub fn named(name: &str) -> Option<Self> {
        async_graphql::resolver_utils::parse_enum(Value::Enum(Name::new(name))).ok()
    }
}

impl From<touchpoint::Source> for Source {
    fn from(source: touchpoint::Source) -> Self {
        match source {
            touchpoint::Source::Role(Role::Ae) => Self::Ae,
            touchpoint::Source::Role(Role::Bdr) => Self::Bdr,
            touchpoint::Source::Role(Role::Sdr) => Self::Sdr,
            touchpoint::Source::Role(Role::Ecs) => Self::Ecs,
            touchpoint::Source::Role(Role::CloudSales) => Self::CloudSales,
            touchpoint::Source::Channel(Channel::Brand) => Self::Brand,
            touchpoint::Source::Channel(Channel::DemandGeneration) => Self::DemandGeneration,
            touchpoint::Source::Channel(Channel::Events) => Self::Events,
            touchpoint::Source::Channel(Channel::Abm) => Self::Abm,
            touchpoint::Source::Channel(Channel::Digital) => Self::Digital,
            touchpoint::Source::Channel(Channel::Enablement) => Self::Enablement,
        }
    }
}

impl From<Source> for touchpoint::Source {
    fn from(source: Source) -> Self {
        match source {
            Source::Ae => Self::Role(Role::Ae),
            Source::Bdr => Self::Role(Role::Bdr),
            Source::Sdr => Self::Role(Role::Sdr),
            Source::Ecs => Self::Role(Role::Ecs),
            Source::CloudSales => Self::Role(Role::CloudSales),
            Source::Brand => Self::Channel(Channel::Brand),
            Source::DemandGeneration => Self::Channel(Channel::DemandGeneration),
            Source::Events => Self::Channel(Channel::Events),
            Source::Abm => Self::Channel(Channel::Abm),
            Source::Digital => Self::Channel(Channel::Digital),
            Source::Enablement => Self::Channel(Channel::Enablement),
        }
    }
}
