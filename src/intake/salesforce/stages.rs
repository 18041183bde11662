//! The stages: from OpportunityStage where the export has it, else from what opportunities and their history show.

use super::build::{Build, category, or_stored};
use crate::intake::IntakeError;
use crate::intake::values::{boolean, decimal};
use pipewright_core::catalog::{ForecastCategory, Stage, StageKind};
use pipewright_core::ids::{DataVersion, StageId};
use rust_decimal::prelude::ToPrimitive;
use std::collections::BTreeMap;

fn kind(closed: Option<&str>, won: Option<&str>) -> Option<StageKind> {
    let truth = |text: Option<&str>| text.and_then(boolean);
    Some(match (truth(closed)?, truth(won).unwrap_or(false)) {
        (false, _) => StageKind::Open,
        (true, true) => StageKind::Won,
        (true, false) => StageKind::Lost,
    })
}

fn percent(text: Option<&str>) -> Option<i32> {
    decimal(text?)?.round().to_i32().map(|percent| percent.clamp(0, 100))
}

#[derive(Default)]
struct Seen {
    kind: Option<StageKind>,
    /// As opportunities' own IsClosed and IsWon say.
    closes: Option<StageKind>,
    probability: Option<i32>,
    category: Option<ForecastCategory>,
}

/// All stages by name; second: those that were guessed.
pub(super) fn read(build: &Build<'_>) -> Result<(BTreeMap<String, Stage>, Vec<String>), IntakeError> {
    let known: Vec<Stage> = build.work.all_stored("Stage")?;
    let mut stages: BTreeMap<String, Stage> = known.into_iter().map(|stage| (stage.name.clone(), stage)).collect();
    let mut last = stages.values().map(|stage| stage.position).max().unwrap_or(0);
    let mut after = String::new();
    loop {
        let page = build.work.page("OpportunityStage", &after, 1_000)?;
        let Some(end) = page.last() else { break };
        after = end.id().to_owned();
        for row in page {
            let Some(name) = row.text("MasterLabel") else { continue };
            let stored = stages.get(&name);
            let order = row.get("SortOrder").and_then(decimal).and_then(|order| order.to_i32());
            let position = order.or(stored.map(|stage| stage.position)).unwrap_or(i32::MAX - 1_000_000);
            last = last.max(position);
            let said = kind(row.get("IsClosed"), row.get("IsWon"));
            let kind = said.or(stored.map(|stage| stage.kind)).unwrap_or(StageKind::Open);
            let category = row.get("ForecastCategory").or(row.get("ForecastCategoryName")).and_then(category);
            let probability = percent(row.get("DefaultProbability"));
            let stage = Stage {
                id: StageId::derived(build.organisation, &name),
                position,
                kind,
                forecast_category: category.or(stored.map(|stage| stage.forecast_category)).unwrap_or(usual(kind)),
                probability: or_stored(&row, "DefaultProbability", probability, || stored?.probability),
                is_active: row.get("IsActive").and_then(boolean).or(stored.map(|stage| stage.is_active)).unwrap_or(true),
                name: name.clone(),
                recorded: DataVersion::default(),
            };
            stages.insert(name, stage);
        }
    }
    let seen = seen(build)?;
    for (name, seen) in &seen {
        // Opportunities that closed in it say more than a row, stored or of the export, that has it open.
        if let (Some(stage), Some(kind)) = (stages.get_mut(name), seen.closes)
            && stage.kind == StageKind::Open
            && kind != StageKind::Open
        {
            (stage.kind, stage.forecast_category) = (kind, seen.category.unwrap_or(usual(kind)));
        }
    }
    let mut guessed: Vec<(String, Seen)> = seen.into_iter().filter(|(name, _)| !stages.contains_key(name)).collect();
    guessed.sort_by_key(|(name, seen)| (seen.kind.unwrap_or(StageKind::Open), seen.probability, name.clone()));
    let names = guessed.iter().map(|(name, _)| name.clone()).collect();
    for (place, (name, seen)) in guessed.into_iter().enumerate() {
        let kind = seen.kind.unwrap_or(StageKind::Open);
        let stage = Stage {
            id: StageId::derived(build.organisation, &name),
            position: last.saturating_add(i32::try_from(place).unwrap_or(i32::MAX).saturating_add(1)),
            kind,
            forecast_category: seen.category.unwrap_or(usual(kind)),
            probability: seen.probability,
            is_active: true,
            name: name.clone(),
            recorded: DataVersion::default(),
        };
        stages.insert(name, stage);
    }
    Ok((stages, names))
}

fn usual(kind: StageKind) -> ForecastCategory {
    match kind {
        StageKind::Open => ForecastCategory::Pipeline,
        StageKind::Won => ForecastCategory::Closed,
        StageKind::Lost => ForecastCategory::Omitted,
    }
}

/// What opportunities and history rows show of each stage they name.
fn seen(build: &Build<'_>) -> Result<BTreeMap<String, Seen>, IntakeError> {
    let mut all: BTreeMap<String, Seen> = BTreeMap::new();
    let columns = ["StageName", "IsClosed", "IsWon", "Probability", "ForecastCategory", "ForecastCategoryName"];
    for (values, _) in build.work.distinct("Opportunity", &columns)? {
        let [Some(name), closed, won, probability, api, label] = &values[..] else { continue };
        let seen = all.entry(name.clone()).or_default();
        seen.closes = seen.closes.max(kind(closed.as_deref(), won.as_deref()));
        seen.kind = seen.closes;
        seen.probability = seen.probability.max(percent(probability.as_deref()));
        seen.category = seen.category.max(api.as_deref().or(label.as_deref()).and_then(category));
    }
    for (values, _) in build.work.distinct("OpportunityHistory", &["StageName", "Probability", "ForecastCategory"])? {
        let [Some(name), probability, history] = &values[..] else { continue };
        let (probability, history) = (percent(probability.as_deref()), history.as_deref().and_then(category));
        let seen = all.entry(name.clone()).or_default();
        seen.category = seen.category.or(history);
        seen.probability = seen.probability.or(probability);
        seen.kind = seen.kind.or(match (history, probability) {
            (Some(ForecastCategory::Closed), _) => Some(StageKind::Won),
            (Some(ForecastCategory::Omitted), Some(0)) => Some(StageKind::Lost),
            _ => None,
        });
    }
    Ok(all)
}
