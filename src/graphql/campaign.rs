//! Campaigns and the six marketing channels.

use super::declare::{noun, object, roots};
use super::filter::{BooleanFilter, DateFilter, IdFilter, TextFilter, enum_filter, filter_input, order_input};
use super::loaders;
use super::opportunity::{Opportunity, OpportunityFilter, OpportunityOrder};
use super::scalars::{Change, Currency, Day, Money};
use super::touchpoint::{Touchpoint, TouchpointFilter, TouchpointOrder};
use crate::app::rows::{CampaignColumn, OpportunityColumn, TouchpointColumn};
use async_graphql::{Context, Enum, Result};
use pipewright_core::campaign;

/// The six marketing channels.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "campaign::Channel", name = "Channel")]
pub enum Channel {
    /// Brand awareness.
    Brand,
    /// Demand generation.
    DemandGeneration,
    /// Events.
    Events,
    /// Account-based marketing.
    Abm,
    /// Digital.
    Digital,
    /// Enablement.
    Enablement,
}

enum_filter! {
    /// Conditions on a marketing channel. Several hold together.
    ChannelFilter of Channel as campaign::Channel
}

/// A marketing campaign, in a hierarchy of at most five levels.
pub struct Campaign(pub campaign::Campaign);

noun!(Campaign over campaign::Campaign, "Campaign", by CampaignColumn::Name, descending false);

object! {
    /// A marketing campaign, in a hierarchy of at most five levels.
    Campaign, known by |campaign| campaign.id;
    fields {
        /// The source system's id; null where the campaign was made here.
        async fn external_id(&self) -> Option<&str> {
            self.0.external_id.as_deref()
        }

        /// The campaign's name.
        async fn name(&self) -> &str {
            &self.0.name
        }

        /// Its channel; null where the source system's type maps to none.
        async fn channel(&self) -> Option<Channel> {
            self.0.channel.map(Into::into)
        }

        /// The source system's type, as it spells it; null where it says none.
        async fn kind(&self) -> Option<&str> {
            self.0.kind.as_deref()
        }

        /// The source system's status, as it spells it; null where it says none.
        async fn status(&self) -> Option<&str> {
            self.0.status.as_deref()
        }

        /// First day; null where unknown.
        async fn starts_on(&self) -> Option<Day> {
            self.0.starts_on.map(Day)
        }

        /// Last day; null where unknown or open.
        async fn ends_on(&self) -> Option<Day> {
            self.0.ends_on.map(Day)
        }

        /// Planned cost; null where none is planned.
        async fn budgeted_cost(&self) -> Option<Money> {
            self.0.budgeted_cost_minor.map(|minor| Money::new(minor, self.0.currency))
        }

        /// Cost so far; null where unknown.
        async fn actual_cost(&self) -> Option<Money> {
            self.0.actual_cost_minor.map(|minor| Money::new(minor, self.0.currency))
        }

        /// Whether it runs.
        async fn is_active(&self) -> bool {
            self.0.is_active
        }

        /// The campaign above it; null at the top.
        async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
            loaders::maybe(ctx, self.0.parent.map(|id| id.0)).await
        }

        /// The currency of both costs.
        async fn currency(&self) -> Currency {
            Currency(self.0.currency)
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {
        /// The campaigns right below it.
        children: Campaign by CampaignFilter, CampaignOrder through CampaignColumn::Parent;
        /// The opportunities whose primary campaign it is now.
        opportunities: Opportunity by OpportunityFilter, OpportunityOrder through OpportunityColumn::Campaign;
        /// The interactions that it brought.
        touchpoints: Touchpoint by TouchpointFilter, TouchpointOrder through TouchpointColumn::Campaign;
    }
    parts {}
}

filter_input! {
    /// Which campaigns. All conditions hold together; an empty filter fits every campaign.
    CampaignFilter on CampaignColumn {
        /// By name.
        name: TextFilter => Name;
        /// By channel.
        channel: ChannelFilter => Channel;
        /// By the campaign above it.
        parent: IdFilter => Parent of "Campaign";
        /// By the source system's status.
        status: TextFilter => Status;
        /// By the source system's type.
        kind: TextFilter => Kind;
        /// By whether it runs.
        is_active: BooleanFilter => IsActive;
        /// By first day.
        starts_on: DateFilter => StartsOn;
        /// By last day.
        ends_on: DateFilter => EndsOn;
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How campaigns are ordered.
    CampaignOrder,
    /// What campaigns are ordered by.
    CampaignOrderField on CampaignColumn {
        /// Name, in byte order: capitals before small letters.
        Name;
        /// First day.
        StartsOn;
        /// Last day.
        EndsOn;
    }
}

roots! {
    /// Reading campaigns.
    CampaignQuery {
        /// Campaigns, by name unless another order is asked for.
        campaigns,
        /// The campaign with this id; null where there is none.
        campaign: Campaign by CampaignFilter, CampaignOrder
    }
}
