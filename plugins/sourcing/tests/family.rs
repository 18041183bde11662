//! The family, held to the contract, to the golden journey and to its edges.

#![allow(clippy::unwrap_used)]

use pipewright_core::money;
use pipewright_plugin::conformance::{Edge, GOLDEN_AMOUNT_MINOR, answer_one, check, golden};
use pipewright_plugin::{Journey, Kind, Model, NoCredit, Positions, Source, Touch};
use pipewright_sourcing::{SourcedBy, Splits};

fn answer(model: &dyn Model, journey: Journey<'_>) -> Result<Vec<f64>, NoCredit> {
    answer_one(model, &[], journey).unwrap().0
}

fn split(source: Source, kind: Kind, share_millionths: u32) -> Touch {
    Touch { at_ms: golden().created_at_ms, source, kind, positions: Positions::NONE, share_millionths }
}

#[test]
fn every_model_passes_the_conformance_check() {
    for model in [&SourcedBy as &dyn Model, &Splits::REVENUE, &Splits::OVERLAY] {
        assert_eq!(check(model), Ok(()), "{}", model.manifest().id);
    }
    assert!(Splits::REVENUE.manifest().additive && !Splits::OVERLAY.manifest().additive);
}

#[test]
fn touchpoints_alone_neither_source_nor_split_an_opportunity() {
    // The golden journey and all edges but the last have neither a conversion nor an origin.
    let journeys = Edge::ALL[..8].iter().map(|edge| edge.journey(true)).chain([golden()]);
    for journey in journeys {
        assert_eq!(answer(&SourcedBy, journey), Err(NoCredit::NothingSourcedIt));
        assert_eq!(answer(&Splits::REVENUE, journey), Err(NoCredit::NoSplit));
        assert_eq!(answer(&Splits::OVERLAY, journey), Err(NoCredit::NoSplit));
    }
}

#[test]
fn origins_alone_are_enough() {
    let origins = Edge::OriginsOnly.journey(true);
    assert_eq!(answer(&SourcedBy, origins), Ok(vec![1.0, 0.0, 0.0, 0.0, 0.0]), "the AE who created it");
    assert_eq!(answer(&Splits::REVENUE, origins), Ok(vec![0.0, 0.0, 0.6, 0.4, 0.0]), "the overlay is no part of the whole");
    assert_eq!(answer(&Splits::OVERLAY, origins), Ok(vec![0.0, 0.0, 0.0, 0.0, 1.0]), "the overlay has it all, beside the others");
}

#[test]
fn revenue_splits_share_the_whole_to_the_cent_or_nothing() {
    use Kind::{OverlaySplit, Split};
    let [ae, cloud, ecs] = [Source::AE, Source::CLOUD_SALES, Source::ECS];
    type Case = (&'static str, Vec<Touch>, Result<Vec<i64>, NoCredit>);
    let cases: [Case; 6] = [
        (
            "33.33, 33.33 and 33.34",
            vec![split(ae, Split, 333_300), split(ae, Split, 333_300), split(cloud, Split, 333_400)],
            Ok(vec![3_333_000, 3_333_000, 3_334_000]),
        ),
        ("one owner", vec![split(ae, Split, 1_000_000)], Ok(vec![10_000_000])),
        (
            "an overlay beside them takes nothing",
            vec![split(ae, Split, 1_000_000), split(ecs, OverlaySplit, 500_000)],
            Ok(vec![10_000_000, 0]),
        ),
        ("less than the whole", vec![split(ae, Split, 999_999)], Err(NoCredit::SplitsNotWhole)),
        ("more than the whole", vec![split(ae, Split, 1_000_000), split(cloud, Split, 1)], Err(NoCredit::SplitsNotWhole)),
        ("an overlay alone", vec![split(ecs, OverlaySplit, 1_000_000)], Err(NoCredit::NoSplit)),
    ];
    for (reason, touches, expected) in cases {
        let found = answer(&Splits::REVENUE, Journey { touches: &touches, ..golden() });
        assert_eq!(found.map(|weights| money::split(GOLDEN_AMOUNT_MINOR, &weights)), expected, "{reason}");
    }
}

#[test]
fn overlays_may_add_up_to_anything() {
    let touches = [split(Source::ECS, Kind::OverlaySplit, 1_000_000), split(Source::AE, Kind::OverlaySplit, 250_000)];
    assert_eq!(answer(&Splits::OVERLAY, Journey { touches: &touches, ..golden() }), Ok(vec![1.0, 0.25]));
}
