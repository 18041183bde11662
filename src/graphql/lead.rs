//! Leads.

use super::account::Account;
use super::contact::Contact;
use super::declare::{noun, object, roots};
use super::filter::{DateFilter, DateTimeFilter, IdFilter, TextFilter, filter_input, order_input};
use super::loaders;
use super::opportunity::Opportunity;
use super::rep::Rep;
use super::scalars::{Change, Day, Instant};
use crate::app::rows::LeadColumn;
use async_graphql::{Context, Result};
use pipewright_core::party;

/// A person not yet at an account.
pub struct Lead(pub party::Lead);

noun!(Lead over party::Lead, "Lead", by LeadColumn::CreatedAt, descending true);

object! {
    /// A person not yet at an account.
    Lead, known by |lead| lead.id;
    fields {
        /// The source system's id; null where the lead was made here.
        async fn external_id(&self) -> Option<&str> {
            self.0.external_id.as_deref()
        }

        /// Full name.
        async fn name(&self) -> &str {
            &self.0.name
        }

        /// The company they named; null where they named none.
        async fn company(&self) -> Option<&str> {
            self.0.company.as_deref()
        }

        /// Title; null where unknown.
        async fn title(&self) -> Option<&str> {
            self.0.title.as_deref()
        }

        /// Mail address, a personal field; null where unknown, or hidden from you.
        async fn email(&self) -> Option<&str> {
            self.0.email.as_deref()
        }

        /// Phone number, a personal field; null where unknown, or hidden from you.
        async fn phone(&self) -> Option<&str> {
            self.0.phone.as_deref()
        }

        /// The source system's status, as it spells it; null where it says none.
        async fn status(&self) -> Option<&str> {
            self.0.status.as_deref()
        }

        /// Where they came from, as the source system spells it; null where it says nothing.
        async fn lead_source(&self) -> Option<&str> {
            self.0.lead_source.as_deref()
        }

        /// Industry, as the source system spells it; null where it says none.
        async fn industry(&self) -> Option<&str> {
            self.0.industry.as_deref()
        }

        /// When the source system made it; null where it does not say.
        async fn created_at(&self) -> Option<Instant> {
            self.0.created_at.map(Instant)
        }

        /// The day it was converted; null while it is a lead.
        async fn converted_on(&self) -> Option<Day> {
            self.0.converted_on.map(Day)
        }

        /// Who owns it; null where nobody does.
        async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
            loaders::maybe(ctx, self.0.owner.map(|id| id.0)).await
        }

        /// The account it became part of; null while it is a lead.
        async fn converted_account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
            loaders::maybe(ctx, self.0.converted_account.map(|id| id.0)).await
        }

        /// The contact it became; null while it is a lead.
        async fn converted_contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
            loaders::maybe(ctx, self.0.converted_contact.map(|id| id.0)).await
        }

        /// The opportunity opened with it; null where none was.
        async fn converted_opportunity(&self, ctx: &Context<'_>) -> Result<Option<Opportunity>> {
            loaders::maybe(ctx, self.0.converted_opportunity.map(|id| id.0)).await
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
    /// Which leads. All conditions hold together; an empty filter fits every lead.
    LeadFilter on LeadColumn {
        /// By full name.
        name: TextFilter => Name;
        /// By the company they named.
        company: TextFilter => Company;
        /// By status.
        status: TextFilter => Status;
        /// By who owns it.
        owner: IdFilter => Owner of "Rep";
        /// By when the source system made it.
        created_at: DateTimeFilter => CreatedAt;
        /// By the day it was converted.
        converted_on: DateFilter => ConvertedOn;
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How leads are ordered.
    LeadOrder,
    /// What leads are ordered by.
    LeadOrderField on LeadColumn {
        /// Full name, in byte order: capitals before small letters.
        Name;
        /// When the source system made it.
        CreatedAt;
        /// The day it was converted.
        ConvertedOn;
    }
}

roots! {
    /// Reading leads.
    LeadQuery {
        /// Leads, the newest first unless another order is asked for.
        leads,
        /// The lead with this id; null where there is none.
        lead: Lead by LeadFilter, LeadOrder
    }
}
