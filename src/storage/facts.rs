//! The facts as the database holds them: all of them, or what changed since a snapshot.

use super::read::Reading;
use super::table::{Cells, Read, next};
use super::value::Kind;
use super::{Storage, StorageError};
use pipewright_core::attribution::Linking;
use pipewright_core::facts::{Builder, GatheredTouches, OpportunityFact, Settings, Snapshot, VersionFact};
use pipewright_core::ids::{DataVersion, OpportunityId};
use pipewright_core::touchpoint::Touchpoint;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A version with the opportunity it belongs to.
struct Owned {
    opportunity: OpportunityId,
    version: VersionFact,
}

/// One more column in front of a version's.
const OWNED: [(&str, Kind); VersionFact::COLUMNS.len() + 1] = {
    let mut columns = [("opportunity_id", Kind::Uuid); VersionFact::COLUMNS.len() + 1];
    let mut index = 0;
    while index < VersionFact::COLUMNS.len() {
        columns[index + 1] = VersionFact::COLUMNS[index];
        index += 1;
    }
    columns
};

/// A touchpoint without its external id, which no number needs.
struct Bare(Touchpoint);

impl Read for Bare {
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("id", Kind::Uuid),
        ("at_ms", Kind::Big),
        ("kind", Kind::Small),
        ("channel", Kind::Small),
        ("rep_id", Kind::Uuid),
        ("campaign_id", Kind::Uuid),
        ("contact_id", Kind::Uuid),
        ("lead_id", Kind::Uuid),
        ("account_id", Kind::Uuid),
        ("opportunity_id", Kind::Uuid),
        ("recorded", Kind::Big),
    ];
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        Ok(Self(Touchpoint {
            id: next(cells)?,
            external_id: None,
            at: next(cells)?,
            kind: next(cells)?,
            channel: next(cells)?,
            rep: next(cells)?,
            campaign: next(cells)?,
            contact: next(cells)?,
            lead: next(cells)?,
            account: next(cells)?,
            opportunity: next(cells)?,
            recorded: next(cells)?,
        }))
    }
}

impl Read for Owned {
    const COLUMNS: &'static [(&'static str, Kind)] = &OWNED;
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        Ok(Self { opportunity: next(cells)?, version: VersionFact::read(cells)? })
    }
}

/// An opportunity in which a contact has a part.
struct WithContact(OpportunityId);

impl Read for WithContact {
    const COLUMNS: &'static [(&'static str, Kind)] = &[("opportunity_id", Kind::Uuid)];
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        next(cells).map(Self)
    }
}

/// A change's number and the tables it touched, as a JSON list.
struct Change {
    data_version: DataVersion,
    kinds: String,
}

impl Read for Change {
    const COLUMNS: &'static [(&'static str, Kind)] = &[("data_version", Kind::Big), ("kinds", Kind::Text)];
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        Ok(Self { data_version: next(cells)?, kinds: next(cells)? })
    }
}

/// The changes to read.
struct Span {
    /// Those after this one; `None`: from the beginning.
    after: Option<DataVersion>,
    /// Up to this one.
    latest: DataVersion,
    /// The tables that these changes touched; all of them from the beginning.
    kinds: BTreeSet<String>,
}

impl Span {
    fn since(reading: &mut Reading, after: Option<DataVersion>) -> Result<Self, StorageError> {
        let mut latest = after.unwrap_or_default();
        let mut lists = Vec::new();
        let wanted = match after {
            Some(_) => "change_feed WHERE data_version > :1 ORDER BY data_version",
            None => "change_feed ORDER BY data_version DESC LIMIT 1",
        };
        reading.each(wanted, [latest.0, 0], |change: Change| {
            latest = change.data_version;
            lists.push(change.kinds);
        })?;
        let mut kinds = BTreeSet::new();
        for list in lists {
            let touched: Vec<String> = serde_json::from_str(&list).map_err(|error| StorageError::Failed(Box::new(error)))?;
            kinds.extend(touched);
        }
        Ok(Self { after, latest, kinds })
    }

    fn touches(&self, table: &str) -> bool {
        self.after.is_none() || self.kinds.contains(table)
    }

    fn numbers(&self) -> [i64; 2] {
        [self.after.unwrap_or_default().0, self.latest.0]
    }

    /// The people to read from one table: all that are needed at the beginning; else those of them that changed, and those that
    /// new touchpoints need.
    fn needed(&self, table: &str, all: &str, by_new: &str) -> Vec<String> {
        if self.after.is_none() {
            // One that is still a lead leads nowhere; one that became a lead again must be heard of.
            let became = " AND (converted_contact_id IS NOT NULL OR converted_account_id IS NOT NULL)";
            return vec![format!("{table} WHERE {all}{}", if table == "lead" { became } else { "" })];
        }
        let changed = format!("{table} WHERE recorded > :1 AND recorded <= :2 AND {all}");
        let by_new = format!("{table} WHERE {by_new}");
        [(table, changed), ("touchpoint", by_new)]
            .into_iter()
            .filter(|(kind, _)| self.touches(kind))
            .map(|(_, rows)| rows)
            .collect()
    }

    /// The rows of one table that these changes brought, in this order.
    fn each<R: Read>(&self, reading: &mut Reading, table: &str, order: &str, visit: impl FnMut(R)) -> Result<(), StorageError> {
        let changed = if self.after.is_some() { "WHERE recorded > :1 AND recorded <= :2" } else { "" };
        match self.touches(table) {
            true => reading.each(&format!("{table} {changed} {order}"), self.numbers(), visit),
            false => Ok(()),
        }
    }
}

impl Storage {
    /// A snapshot of everything.
    ///
    /// # Errors
    /// The database failed.
    pub async fn facts(&self, settings: Settings) -> Result<Snapshot, StorageError> {
        // Touchpoints are about as much to read as all the rest: each gets a thread.
        self.reading_by_two(move |reading, second| {
            let span = Span::since(reading, None)?;
            let mut builder = Builder::new(settings);
            let linking = builder.linking();
            match second {
                None => {
                    fill(reading, &mut builder, &span)?;
                    builder.touchpoints(touchpoints(reading, &span, linking)?);
                }
                Some(second) => std::thread::scope(|scope| {
                    let gathered = scope.spawn(|| touchpoints(second, &span, linking));
                    fill(reading, &mut builder, &span)?;
                    builder.touchpoints(gathered.join().expect("a bulk read does not panic")?);
                    Ok::<(), StorageError>(())
                })?,
            }
            Ok(builder.finish(span.latest))
        })
        .await
    }

    /// A snapshot that holds what was committed after `base` too; `base` itself where nothing was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn facts_onto(&self, base: Arc<Snapshot>) -> Result<Arc<Snapshot>, StorageError> {
        self.reading(move |reading| {
            let span = Span::since(reading, Some(base.data_version()))?;
            if span.latest <= base.data_version() {
                return Ok(base);
            }
            let mut builder = Builder::onto(&base);
            let linking = builder.linking();
            fill(reading, &mut builder, &span)?;
            builder.touchpoints(touchpoints(reading, &span, linking)?);
            Ok(Arc::new(builder.finish(span.latest)))
        })
        .await
    }
}

/// The touchpoints of these changes; and those that lie elsewhere now, since what leads to their journey changed.
fn touchpoints(reading: &mut Reading, span: &Span, linking: Linking) -> Result<GatheredTouches, StorageError> {
    let mut gathered = GatheredTouches::new(linking);
    let mut push = |row: Bare| gathered.push(&row.0);
    span.each(reading, "touchpoint", "", &mut push)?;
    let moved = [
        ("lead", "contact_id IS NULL AND lead_id IN (SELECT id FROM lead"),
        ("contact", "account_id IS NULL AND contact_id IN (SELECT id FROM contact"),
        ("opportunity", "opportunity_id IN (SELECT id FROM opportunity"),
    ];
    for (_, condition) in moved.into_iter().filter(|(table, _)| span.after.is_some() && span.touches(table)) {
        let rest = format!("touchpoint WHERE recorded <= :1 AND {condition} WHERE recorded > :1 AND recorded <= :2)");
        reading.each(&rest, span.numbers(), &mut push)?;
    }
    Ok(gathered)
}

/// Who the people of touchpoints turned out to be, the parts that contacts have in opportunities, and the reps' shares.
fn links(reading: &mut Reading, builder: &mut Builder, span: &Span) -> Result<(), StorageError> {
    // Of all contacts and leads only those that a touchpoint without an account, or without a contact, needs.
    let adrift = "id IN (SELECT contact_id FROM touchpoint WHERE account_id IS NULL AND contact_id IS NOT NULL";
    let leads = "id IN (SELECT lead_id FROM touchpoint WHERE contact_id IS NULL AND lead_id IS NOT NULL";
    let new = "recorded > :1 AND recorded <= :2";
    for rows in span.needed("contact", &format!("{adrift})"), &format!("{adrift} AND {new})")) {
        reading.each(&rows, span.numbers(), |row| builder.contact(&row))?;
    }
    // A rule that names a lead means the contact that it became too, whoever the touchpoints name.
    let all = if builder.names_people() { "1 = 1".to_owned() } else { format!("{leads})") };
    for rows in span.needed("lead", &all, &format!("{leads} AND {new})")) {
        reading.each(&rows, span.numbers(), |row| builder.lead(&row))?;
    }
    if builder.linking() != Linking::ByAccount {
        span.each(reading, "contact_role", "", |row| builder.contact_role(&row))?;
    }
    span.each(reading, "split", "", |row| builder.split(&row))
}

/// Hands the rows of these changes to the builder, all but the touchpoints.
fn fill(reading: &mut Reading, builder: &mut Builder, span: &Span) -> Result<(), StorageError> {
    span.each(reading, "product", "", |row| builder.product(&row))?;
    span.each(reading, "region", "", |row| builder.region(&row))?;
    span.each(reading, "segment", "", |row| builder.segment(&row))?;
    span.each(reading, "stage", "", |row| builder.stage(&row))?;
    span.each(reading, "rep", "", |row| builder.rep(&row))?;
    span.each(reading, "tenure", "", |row| builder.tenure(&row))?;
    span.each(reading, "campaign", "", |row| builder.campaign(&row))?;
    span.each(reading, "exchange_rate", "", |row| builder.exchange_rate(&row))?;
    span.each(reading, "account", "", |row| builder.account(row))?;
    span.each(reading, "opportunity_line", "ORDER BY line_set_id, position", |row| builder.line(row))?;
    opportunities(reading, builder, span)?;
    links(reading, builder, span)?;
    span.each(reading, "review", "", |row| builder.review(&row))?;
    span.each(reading, "target", "", |row| builder.target(row))?;
    span.each(reading, "judgement", "", |row| builder.judgement(row))?;
    span.each(reading, "adjustment", "", |row| builder.adjustment(row))
}

/// Opportunities of which the row, a version or a contact's part changed, with all their versions. Versions whose opportunity has not come
/// yet wait for it; an opportunity without a version counts nowhere yet.
fn opportunities(reading: &mut Reading, builder: &mut Builder, span: &Span) -> Result<(), StorageError> {
    if !["opportunity", "opportunity_version", "contact_role"].into_iter().any(|table| span.touches(table)) {
        return Ok(());
    }
    let among = |column: &str| match span.after {
        None => "TRUE".to_owned(),
        Some(_) => format!(
            "{column} IN (SELECT id FROM opportunity WHERE recorded > :1 AND recorded <= :2
              UNION SELECT opportunity_id FROM opportunity_version WHERE recorded > :1 AND recorded <= :2
              UNION SELECT opportunity_id FROM contact_role WHERE recorded > :1 AND recorded <= :2)"
        ),
    };
    let mut with_contacts: Vec<OpportunityId> = Vec::new();
    let rest = format!("contact_role WHERE NOT is_deleted AND {}", among("opportunity_id"));
    reading.each(&rest, span.numbers(), |row: WithContact| with_contacts.push(row.0))?;
    with_contacts.sort_unstable();
    let mut owners: Vec<OpportunityFact> = Vec::new();
    // Sorted here: to read all of them by way of an index would be a jump for each.
    reading.each(&format!("opportunity WHERE {}", among("id")), span.numbers(), |row: OpportunityFact| {
        owners.push(OpportunityFact { has_contact_role: with_contacts.binary_search(&row.id).is_ok(), ..row });
    })?;
    drop(with_contacts);
    owners.sort_unstable_by_key(|owner| owner.id);
    let mut owners = owners.into_iter().peekable();
    let mut versions: Vec<VersionFact> = Vec::new();
    let mut current: Option<OpportunityId> = None;
    let mut close = |id: Option<OpportunityId>, versions: &mut Vec<VersionFact>, builder: &mut Builder| {
        if let Some(id) = id {
            while owners.next_if(|owner| owner.id < id).is_some() {}
            if let Some(owner) = owners.next_if(|owner| owner.id == id) {
                builder.opportunity(owner, versions);
            }
        }
        versions.clear();
    };
    let rest = format!("opportunity_version WHERE {} ORDER BY opportunity_id, valid_from_ms, sequence", among("opportunity_id"));
    reading.each(&rest, span.numbers(), |row: Owned| {
        if current != Some(row.opportunity) {
            close(current.replace(row.opportunity), &mut versions, builder);
        }
        versions.push(row.version);
    })?;
    close(current, &mut versions, builder);
    Ok(())
}
