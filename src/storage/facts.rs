//! The facts as the database holds them: all of them, or what changed since a snapshot.

use super::read::Reading;
use super::table::{Cells, Read, next};
use super::value::Kind;
use super::{Storage, StorageError};
use pipewright_core::facts::{Builder, OpportunityFact, Settings, Snapshot, VersionFact};
use pipewright_core::ids::{DataVersion, OpportunityId};
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

impl Read for Owned {
    const COLUMNS: &'static [(&'static str, Kind)] = &OWNED;
    fn read(cells: Cells<'_>) -> Result<Self, StorageError> {
        Ok(Self { opportunity: next(cells)?, version: VersionFact::read(cells)? })
    }
}

impl Storage {
    /// A snapshot of everything.
    ///
    /// # Errors
    /// The database failed.
    pub async fn facts(&self, settings: Settings) -> Result<Snapshot, StorageError> {
        self.reading(move |reading| {
            let latest = reading.data_version()?;
            let mut builder = Builder::new(settings);
            fill(reading, &mut builder, DataVersion(i64::MIN), latest)?;
            Ok(builder.finish(latest))
        })
        .await
    }

    /// A snapshot that holds what was committed after `base` too; `base` itself where nothing was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn facts_onto(&self, base: Arc<Snapshot>) -> Result<Arc<Snapshot>, StorageError> {
        self.reading(move |reading| {
            let latest = reading.data_version()?;
            if latest <= base.data_version() {
                return Ok(base);
            }
            let mut builder = Builder::onto(&base);
            fill(reading, &mut builder, base.data_version(), latest)?;
            Ok(Arc::new(builder.finish(latest)))
        })
        .await
    }
}

/// Hands the rows recorded after `after`, up to `latest`, to the builder.
fn fill(reading: &mut Reading, builder: &mut Builder, after: DataVersion, latest: DataVersion) -> Result<(), StorageError> {
    let span = [after.0, latest.0];
    let everything = after.0 == i64::MIN;
    let rows = |table: &str| match everything {
        true => table.to_owned(),
        false => format!("{table} WHERE recorded > :1 AND recorded <= :2"),
    };
    reading.each(&rows("product"), span, |row| builder.product(&row))?;
    reading.each(&rows("region"), span, |row| builder.region(&row))?;
    reading.each(&rows("segment"), span, |row| builder.segment(&row))?;
    reading.each(&rows("stage"), span, |row| builder.stage(&row))?;
    reading.each(&rows("rep"), span, |row| builder.rep(&row))?;
    reading.each(&rows("tenure"), span, |row| builder.tenure(&row))?;
    reading.each(&rows("campaign"), span, |row| builder.campaign(&row))?;
    reading.each(&rows("exchange_rate"), span, |row| builder.exchange_rate(&row))?;
    reading.each(&rows("account"), span, |row| builder.account(row))?;
    let lines = rows("opportunity_line") + " ORDER BY line_set_id, position";
    reading.each(&lines, span, |row| builder.line(row))?;
    opportunities(reading, builder, span, everything)?;
    reading.each(&rows("touchpoint"), span, |row| builder.touchpoint(&row))?;
    reading.each(&rows("target"), span, |row| builder.target(row))?;
    reading.each(&rows("judgement"), span, |row| builder.judgement(row))?;
    reading.each(&rows("adjustment"), span, |row| builder.adjustment(row))
}

/// Opportunities of which the row or a version changed, with all their versions. Versions whose opportunity has not come
/// yet wait for it; an opportunity without a version counts nowhere yet.
fn opportunities(reading: &mut Reading, builder: &mut Builder, span: [i64; 2], everything: bool) -> Result<(), StorageError> {
    let among = |column: &str| match everything {
        true => String::new(),
        false => format!(
            " WHERE {column} IN (SELECT id FROM opportunity WHERE recorded > :1 AND recorded <= :2
              UNION SELECT opportunity_id FROM opportunity_version WHERE recorded > :1 AND recorded <= :2)"
        ),
    };
    let mut owners: Vec<OpportunityFact> = Vec::new();
    reading.each(&format!("opportunity{} ORDER BY id", among("id")), span, |row| owners.push(row))?;
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
    let rest = format!("opportunity_version{} ORDER BY opportunity_id, valid_from_ms, sequence", among("opportunity_id"));
    reading.each(&rest, span, |row: Owned| {
        if current != Some(row.opportunity) {
            close(current.replace(row.opportunity), &mut versions, builder);
        }
        versions.push(row.version);
    })?;
    close(current, &mut versions, builder);
    Ok(())
}
