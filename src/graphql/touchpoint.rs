//! Touchpoints: interactions that may earn credit.

use super::account::Account;
use super::campaign::{Campaign, Channel, ChannelFilter};
use super::contact::Contact;
use super::declare::{noun, object, roots};
use super::filter::{DateTimeFilter, IdFilter, TextFilter, enum_filter, filter_input, order_input};
use super::lead::Lead;
use super::loaders;
use super::opportunity::Opportunity;
use super::rep::Rep;
use super::scalars::{Change, Instant};
use crate::app::rows::TouchpointColumn;
use async_graphql::{Context, Enum, Result};
use pipewright_core::touchpoint;

/// What happened in an interaction.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "touchpoint::TouchpointKind", name = "TouchpointKind")]
pub enum TouchpointKind {
    /// A page was opened and nothing more.
    BareVisit,
    /// A form, an answer, an attendance: a person gave something.
    Response,
    /// A person was put into a campaign without answering.
    Inclusion,
    /// A rep called.
    Call,
    /// A rep wrote.
    Email,
    /// A rep met someone.
    Meeting,
    /// Another task of a rep.
    Task,
    /// A lead became a contact and, mostly, an opportunity.
    LeadConversion,
    /// A rep passed a person on to another role.
    HandOff,
}

enum_filter! {
    /// Conditions on what happened. Several hold together.
    TouchpointKindFilter of TouchpointKind as touchpoint::TouchpointKind
}

/// An interaction that may earn credit.
pub struct Touchpoint(pub touchpoint::Touchpoint);

noun!(Touchpoint over touchpoint::Touchpoint, "Touchpoint", by TouchpointColumn::At, descending true);

object! {
    /// An interaction that may earn credit.
    Touchpoint, known by |touchpoint| touchpoint.id;
    fields {
        /// The source system's id; null where the touchpoint was made here.
        async fn external_id(&self) -> Option<&str> {
            self.0.external_id.as_deref()
        }

        /// When.
        async fn at(&self) -> Instant {
            Instant(self.0.at)
        }

        /// What happened.
        async fn kind(&self) -> TouchpointKind {
            self.0.kind.into()
        }

        /// The marketing channel; null for what a rep did.
        async fn channel(&self) -> Option<Channel> {
            self.0.channel.map(Into::into)
        }

        /// The rep who acted; null for marketing.
        async fn rep(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
            loaders::maybe(ctx, self.0.rep.map(|id| id.0)).await
        }

        /// The campaign; null for what a rep did.
        async fn campaign(&self, ctx: &Context<'_>) -> Result<Option<Campaign>> {
            loaders::maybe(ctx, self.0.campaign.map(|id| id.0)).await
        }

        /// The person, as a contact; null where they are none.
        async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
            loaders::maybe(ctx, self.0.contact.map(|id| id.0)).await
        }

        /// The person, as a lead; null where they were none.
        async fn lead(&self, ctx: &Context<'_>) -> Result<Option<Lead>> {
            loaders::maybe(ctx, self.0.lead.map(|id| id.0)).await
        }

        /// The company; null where unknown.
        async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
            loaders::maybe(ctx, self.0.account.map(|id| id.0)).await
        }

        /// The opportunity it was logged on; null where the source system says none.
        async fn opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
            loaders::maybe(ctx, self.0.opportunity.map(|id| id.0)).await
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {}
    parts {}
}

filter_input! {
    /// Which touchpoints. All conditions hold together; an empty filter fits every touchpoint.
    TouchpointFilter on TouchpointColumn {
        /// By when.
        at: DateTimeFilter => At;
        /// By what happened.
        kind: TouchpointKindFilter => Kind;
        /// By marketing channel.
        channel: ChannelFilter => Channel;
        /// By the rep who acted.
        rep: IdFilter => Rep of "Rep";
        /// By campaign.
        campaign: IdFilter => Campaign of "Campaign";
        /// By the person, as a contact.
        contact: IdFilter => Contact of "Contact";
        /// By the person, as a lead.
        lead: IdFilter => Lead of "Lead";
        /// By company.
        account: IdFilter => Account of "Account";
        /// By the opportunity it was logged on.
        opportunity: IdFilter => Opportunity of "Opportunity";
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How touchpoints are ordered.
    TouchpointOrder,
    /// What touchpoints are ordered by.
    TouchpointOrderField on TouchpointColumn {
        /// When.
        At;
    }
}

roots! {
    /// Reading touchpoints.
    TouchpointQuery {
        /// Touchpoints, the latest first unless another order is asked for.
        touchpoints,
        /// The touchpoint with this id; null where there is none.
        touchpoint: Touchpoint by TouchpointFilter, TouchpointOrder
    }
}
