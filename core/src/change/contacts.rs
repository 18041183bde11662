//! Setting the parts that contacts play in an opportunity.

use crate::ids::{ContactId, ContactRoleId, DataVersion, OpportunityId};
use crate::opportunity::ContactRole;
use crate::refusals;
use std::collections::HashSet;

/// Contacts of one opportunity, at most.
pub const MOST_CONTACTS: usize = 500;

refusals! {
    /// Why an opportunity's contacts are not set.
    ContactsRefusal as "OpportunitySetContacts" {
        /// There are more than 500 contacts.
        TooMany "TOO_MANY_CONTACTS" about "contacts": "an opportunity has at most 500 contacts";
        /// There is no such contact.
        ContactUnknown "CONTACT_UNKNOWN" about "contacts": "there is no such contact";
        /// A contact stands there twice.
        Twice "CONTACT_TWICE" about "contacts": "a contact stands there twice: name each once";
        /// More than one is the primary contact.
        TwoPrimaries "TWO_PRIMARIES" about "contacts": "only one contact is the primary one";
        /// A part is longer than 1,000 letters.
        TextTooLong "TEXT_TOO_LONG" about "contacts": "a part has at most 1,000 letters";
    }
}

/// A contact's part as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactDraft {
    /// Who.
    pub contact: ContactId,
    /// Decision maker, user, ...
    pub role: Option<String>,
    /// Whether this is the primary contact.
    pub is_primary: bool,
}

/// The rows to write so that these and no others are the opportunity's contacts: those that are new or other, and those that
/// are taken off. `new_id` gives the id of a contact's new row.
///
/// # Errors
/// The first reason why not.
pub fn set_contacts(
    opportunity: OpportunityId,
    before: &[ContactRole],
    drafts: &[ContactDraft],
    is_contact: impl Fn(ContactId) -> bool,
    mut new_id: impl FnMut() -> ContactRoleId,
) -> Result<Vec<ContactRole>, ContactsRefusal> {
    let mut seen = HashSet::new();
    let is_long = |draft: &ContactDraft| draft.role.as_deref().is_some_and(|role| super::is_too_long(role, super::LONGEST_TEXT));
    let wrong = [
        (drafts.len() > MOST_CONTACTS, ContactsRefusal::TooMany),
        (drafts.iter().any(|draft| !is_contact(draft.contact)), ContactsRefusal::ContactUnknown),
        (!drafts.iter().all(|draft| seen.insert(draft.contact)), ContactsRefusal::Twice),
        (drafts.iter().filter(|draft| draft.is_primary).count() > 1, ContactsRefusal::TwoPrimaries),
        (drafts.iter().any(is_long), ContactsRefusal::TextTooLong),
    ];
    if let Some((_, reason)) = wrong.into_iter().find(|(holds, _)| *holds) {
        return Err(reason);
    }
    let mut rows = Vec::new();
    let mut held = HashSet::new();
    for row in before.iter().filter(|row| !row.is_deleted) {
        // Of two rows of one contact, as an import may bring them, the first stays.
        let draft = drafts.iter().find(|draft| draft.contact == row.contact).filter(|_| held.insert(row.contact));
        let after = match draft {
            Some(draft) => ContactRole { role: draft.role.clone(), is_primary: draft.is_primary, ..row.clone() },
            None => ContactRole { is_deleted: true, ..row.clone() },
        };
        if after != *row {
            rows.push(after);
        }
    }
    rows.extend(drafts.iter().filter(|draft| !held.contains(&draft.contact)).map(|draft| ContactRole {
        id: new_id(),
        opportunity,
        contact: draft.contact,
        role: draft.role.clone(),
        is_primary: draft.is_primary,
        is_deleted: false,
        recorded: DataVersion::default(),
    }));
    Ok(rows)
}
