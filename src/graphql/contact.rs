//! Contacts.

use super::account::Account;
use super::contact_role::ContactRole;
use super::declare::{noun, object, roots};
use super::filter::{DateTimeFilter, IdFilter, TextFilter, filter_input, order_input};
use super::loaders;
use super::rep::Rep;
use super::scalars::{Change, Instant};
use crate::app::rows::{ContactColumn, ContactRoleColumn};
use async_graphql::{Context, Result};
use pipewright_core::party;

/// A person at an account.
pub struct Contact(pub party::Contact);

noun!(Contact over party::Contact, "Contact", by ContactColumn::Name, descending false);

object! {
    /// A person at an account.
    Contact, known by |contact| contact.id;
    fields {
        /// The source system's id; null where the contact was made here.
        async fn external_id(&self) -> Option<&str> {
            self.0.external_id.as_deref()
        }

        /// Full name.
        async fn name(&self) -> &str {
            &self.0.name
        }

        /// Title; null where unknown.
        async fn title(&self) -> Option<&str> {
            self.0.title.as_deref()
        }

        /// Department; null where unknown.
        async fn department(&self) -> Option<&str> {
            self.0.department.as_deref()
        }

        /// Mail address, a personal field; null where unknown, or hidden from you.
        async fn email(&self) -> Option<&str> {
            self.0.email.as_deref()
        }

        /// Phone number, a personal field; null where unknown, or hidden from you.
        async fn phone(&self) -> Option<&str> {
            self.0.phone.as_deref()
        }

        /// Where they came from, as the source system spells it; null where it says nothing.
        async fn lead_source(&self) -> Option<&str> {
            self.0.lead_source.as_deref()
        }

        /// When the source system made it; null where it does not say.
        async fn created_at(&self) -> Option<Instant> {
            self.0.created_at.map(Instant)
        }

        /// Where they work; null where unknown.
        async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
            loaders::maybe(ctx, self.0.account.map(|id| id.0)).await
        }

        /// Who owns the contact; null where nobody does.
        async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Rep>> {
            loaders::maybe(ctx, self.0.owner.map(|id| id.0)).await
        }

        /// The committed change that brought it to this state.
        async fn recorded_in(&self) -> Change {
            Change(self.0.recorded)
        }
    }
    connections {}
    parts {
        /// The parts they play in opportunities.
        opportunity_roles: ContactRole through ContactRoleColumn::Contact;
    }
}

filter_input! {
    /// Which contacts. All conditions hold together; an empty filter fits every contact.
    ContactFilter on ContactColumn {
        /// By full name.
        name: TextFilter => Name;
        /// By title.
        title: TextFilter => Title;
        /// By where they work.
        account: IdFilter => Account of "Account";
        /// By who owns the contact.
        owner: IdFilter => Owner of "Rep";
        /// By when the source system made it.
        created_at: DateTimeFilter => CreatedAt;
        /// By the source system's id.
        external_id: TextFilter => ExternalId;
    }
}

order_input! {
    /// How contacts are ordered.
    ContactOrder,
    /// What contacts are ordered by.
    ContactOrderField on ContactColumn {
        /// Full name, in byte order: capitals before small letters.
        Name;
        /// When the source system made it.
        CreatedAt;
    }
}

roots! {
    /// Reading contacts.
    ContactQuery {
        /// Contacts, by name unless another order is asked for.
        contacts,
        /// The contact with this id; null where there is none.
        contact: Contact by ContactFilter, ContactOrder
    }
}
