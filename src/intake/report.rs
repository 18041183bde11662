//! What an import found, did and could not know.

use crate::storage::Written;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Differences listed one by one; the rest is counted.
const LISTED: usize = 50;

/// Words of one kind listed one by one.
const WORDS: usize = 1_000;
/// What the rest of them is counted under.
const OTHERS: &str = "(others)";

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRead {
    /// Which.
    pub file: String,
    /// What it holds.
    pub object: String,
    /// Rows in it.
    pub rows: u64,
    /// Of them, rows set aside.
    pub rejected: u64,
}

/// References that name no record of the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unresolved {
    /// How many.
    pub count: u64,
    /// One of the ids.
    pub example: String,
}

/// The opportunities of one stage, as the export says and as the ledger says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTotal {
    /// Opportunities in Opportunity.csv.
    pub exported: u64,
    /// Their ACV, minor units of their own currencies.
    pub exported_acv_minor: i64,
    /// Opportunities whose last version is there.
    pub rebuilt: u64,
    /// Their ACV, minor units of their own currencies.
    pub rebuilt_acv_minor: i64,
}

/// An opportunity whose history ended elsewhere than Opportunity.csv says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The source system's id.
    pub opportunity: String,
    /// What differs.
    pub field: String,
    /// As the history says.
    pub history: String,
    /// As Opportunity.csv says, which wins.
    pub export: String,
}

/// The rebuilt state against Opportunity.csv.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Opportunities compared.
    pub opportunities: u64,
    /// Whose rebuilt state equals Opportunity.csv: all of them, or something is wrong.
    pub agree: u64,
    /// Whose history needed a correcting version.
    pub corrected: u64,
    /// Corrections by field.
    pub corrections: BTreeMap<String, u64>,
    /// The first corrections.
    pub differences: Vec<Difference>,
    /// By the stage's name.
    pub stages: BTreeMap<String, StageTotal>,
}

impl Reconciliation {
    /// Notes one field in which history and Opportunity.csv differ.
    pub fn differs(&mut self, difference: Difference) {
        *self.corrections.entry(difference.field.clone()).or_default() += 1;
        if self.differences.len() < LISTED {
            self.differences.push(difference);
        }
    }
}

/// What an import changed in answers that could be had before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Versions, touchpoints and tenures that hold from an instant of the period.
    pub rows: u64,
    /// The first of these instants.
    pub first: DateTime<Utc>,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Files read.
    pub files: Vec<FileRead>,
    /// Files that are no known object.
    pub skipped: Vec<String>,
    /// Objects that no file holds.
    pub missing: Vec<String>,
    /// Records read by object, each id once.
    pub records: BTreeMap<String, u64>,
    /// Rows set aside.
    pub rejected: u64,
    /// The file they are in; `None` where there are none.
    pub set_aside_in: Option<PathBuf>,
    /// What was made of quotas, forecasts, rates and credits, by kind: one row may make none, one or more.
    pub made: BTreeMap<String, u64>,
    /// Date columns whose order of day and month was taken from other columns.
    pub dates_followed: Vec<String>,
    /// References that name no record, by `Object.Column`.
    pub unresolved: BTreeMap<String, Unresolved>,
    /// What was guessed, and how often.
    pub guesses: BTreeMap<String, u64>,
    /// Words that the mapping does not know, by kind.
    pub unmapped: BTreeMap<String, BTreeMap<String, u64>>,
    /// What was left out, and how often.
    pub left_out: BTreeMap<String, u64>,
    /// By fiscal quarter: what now holds from instants before the import began, beside what was there. Answers as of those
    /// instants and later may be others than they were.
    pub changed: BTreeMap<String, Changed>,
    /// Rows inserted.
    pub inserted: u64,
    /// Rows changed.
    pub updated: u64,
    /// Versions added.
    pub versions: u64,
    /// The rebuilt state against Opportunity.csv.
    pub reconciliation: Reconciliation,
}

impl Report {
    /// Counts the rows that a write inserted and changed.
    pub fn count(&mut self, written: Written) {
        self.inserted += written.inserted;
        self.updated += written.updated;
    }

    /// Counts a guess.
    pub fn guess(&mut self, what: &str) {
        *self.guesses.entry(what.to_owned()).or_default() += 1;
    }

    /// Counts a row that holds from an instant of a period that is past.
    pub fn changes(&mut self, period: &str, at: DateTime<Utc>) {
        let changed = self.changed.entry(period.to_owned()).or_insert(Changed { rows: 0, first: at });
        changed.rows += 1;
        changed.first = changed.first.min(at);
    }

    /// Counts a guess that was made for this many things.
    pub fn guess_many(&mut self, what: &str, count: u64) {
        if count > 0 {
            *self.guesses.entry(what.to_owned()).or_default() += count;
        }
    }

    /// Counts what was made of the rows.
    pub fn make(&mut self, what: &str, count: u64) {
        if count > 0 {
            *self.made.entry(what.to_owned()).or_default() += count;
        }
    }

    /// Counts something left out.
    pub fn leave_out(&mut self, what: &str, count: u64) {
        if count > 0 {
            *self.left_out.entry(what.to_owned()).or_default() += count;
        }
    }

    /// Counts a word that the mapping does not know. Of a kind that has very many, those that come last count together.
    pub fn unmapped(&mut self, kind: &str, word: &str, count: u64) {
        let words = self.unmapped.entry(kind.to_owned()).or_default();
        let word = if words.len() < WORDS || words.contains_key(word) { word } else { OTHERS };
        *words.entry(word.to_owned()).or_default() += count;
    }
}

fn money(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Files")?;
        for file in &self.files {
            writeln!(f, "  {} ({}): {} rows, {} rejected", file.file, file.object, file.rows, file.rejected)?;
        }
        for file in &self.skipped {
            writeln!(f, "  {file}: skipped, no known object")?;
        }
        if !self.missing.is_empty() {
            writeln!(f, "  not in the export: {}", self.missing.join(", "))?;
        }
        for column in &self.dates_followed {
            writeln!(f, "  {column}: the order of day and month follows the other date columns")?;
        }
        if !self.unresolved.is_empty() {
            writeln!(f, "References that name no record of the export or the database")?;
            for (column, unresolved) in &self.unresolved {
                writeln!(f, "  {column}: {}, such as {}", unresolved.count, unresolved.example)?;
            }
        }
        let lists = [("Read", &self.made), ("Guessed", &self.guesses), ("Left out", &self.left_out)];
        for (title, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            writeln!(f, "{title}")?;
            for (what, count) in *list {
                writeln!(f, "  {what}: {count}")?;
            }
        }
        if !self.unmapped.is_empty() {
            writeln!(f, "Words the mapping does not know")?;
            for (kind, words) in &self.unmapped {
                let words: Vec<String> = words.iter().take(LISTED).map(|(word, count)| format!("{word} ({count})")).collect();
                writeln!(f, "  {kind}: {}", words.join(", "))?;
            }
        }
        if !self.changed.is_empty() {
            writeln!(f, "Answers as of these periods changed, from the instant on that stands beside each")?;
            for (period, changed) in &self.changed {
                writeln!(f, "  {period}: {} rows, from {}", changed.rows, changed.first.to_rfc3339())?;
            }
        }
        self.reconciliation.fmt(f)?;
        writeln!(
            f,
            "Rows inserted: {}, changed: {}, rejected: {}; versions added: {}",
            self.inserted, self.updated, self.rejected, self.versions
        )
    }
}

impl fmt::Display for Reconciliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Reconciliation with Opportunity.csv")?;
        writeln!(
            f,
            "  {} of {} opportunities end as it says; {} needed a correcting version",
            self.agree, self.opportunities, self.corrected
        )?;
        for (field, count) in &self.corrections {
            writeln!(f, "  corrected {field}: {count}")?;
        }
        for difference in &self.differences {
            let Difference { opportunity, field, history, export } = difference;
            writeln!(f, "    {opportunity} {field}: history {history}, export {export}")?;
        }
        for (stage, total) in &self.stages {
            let mark = if (total.exported, total.exported_acv_minor) == (total.rebuilt, total.rebuilt_acv_minor) {
                ""
            } else {
                " DIFFERS"
            };
            writeln!(
                f,
                "  {stage}: {} opportunities, ACV {}; rebuilt {}, ACV {}{mark}",
                total.exported,
                money(total.exported_acv_minor),
                total.rebuilt,
                money(total.rebuilt_acv_minor)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_words_are_not_known_the_report_stays_small() {
        let mut report = Report::default();
        for number in 0..3_000 {
            report.unmapped("regions", &number.to_string(), 1);
        }
        report.unmapped("regions", "7", 1);
        let words = &report.unmapped["regions"];
        assert_eq!((words.len(), words["7"], words[OTHERS]), (WORDS + 1, 2, 2_000));
    }
}
