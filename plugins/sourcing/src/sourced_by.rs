//! Who sourced the opportunity: the event from which it came takes all.

use crate::manifest;
use pipewright_plugin::{
    Domain, Explanation, FittedModel, Fitting, Journey, Kind, Manifest, Model, ModelError, NoCredit, Parameter, Parameters,
    Source, Touch, Weights,
};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// `sourced-by`. In this order: the latest lead conversion or hand-off by an SDR or BDR in the window before creation; the
/// creator, by the role held then; the primary campaign's channel; nobody.
pub struct SourcedBy;

/// [`SourcedBy`] with its window, in milliseconds.
struct Within(i64);

impl Model for SourcedBy {
    fn manifest(&self) -> Manifest {
        let window = Parameter {
            name: "window_days".into(),
            description: "How many days before the creation a conversion or hand-off still counts as its source.".into(),
            domain: Domain::Whole { default: 30, min: 0, max: 3_650 },
        };
        let description = "The event that sourced the opportunity takes all: a conversion or hand-off by an SDR or BDR shortly before \
                           its creation, else its creator, else its primary campaign.";
        manifest("sourced-by", "Sourced by", description, vec![window])
    }

    fn fit(&self, parameters: &Parameters) -> Result<Fitting, ModelError> {
        Ok(Fitting::Ready(Box::new(Within(parameters.whole("window_days")? * DAY_MS))))
    }
}

impl FittedModel for Within {
    fn weigh(&self, batch: &[Journey<'_>], out: &mut Weights) -> Result<(), ModelError> {
        for journey in batch {
            match self.sourcing_event(journey) {
                Some(place) => out.journey(journey.touches.len())[place] = 1.0,
                None => out.no_credit(NoCredit::NothingSourcedIt),
            }
        }
        Ok(())
    }

    fn explain(&self, journey: &Journey<'_>) -> Option<Explanation> {
        let taker = self.sourcing_event(journey)?;
        Some(Explanation::all_to(taker, journey.touches.len()))
    }
}

impl Within {
    fn sourcing_event(&self, journey: &Journey<'_>) -> Option<usize> {
        let opens_ms = journey.created_at_ms.saturating_sub(self.0);
        let in_window = |touch: &Touch| touch.at_ms >= opens_ms && touch.at_ms <= journey.created_at_ms;
        let passed_on = |touch: &Touch| {
            matches!(touch.kind, Kind::LeadConversion | Kind::HandOff) && matches!(touch.source, Source::SDR | Source::BDR)
        };
        let of_kind = |kind| journey.touches.iter().position(|touch| touch.kind == kind);
        let event = journey.touches.iter().rposition(|touch| passed_on(touch) && in_window(touch));
        event.or_else(|| of_kind(Kind::Creator)).or_else(|| of_kind(Kind::PrimaryCampaign))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pipewright_plugin::conformance::{check, golden, weigh_one};
    use pipewright_plugin::{Positions, Value};

    fn days_before(days: i64, source: Source, kind: Kind) -> Touch {
        Touch { at_ms: golden().created_at_ms - days * DAY_MS, source, kind, positions: Positions::NONE, share_millionths: 0 }
    }

    /// The source that takes all; `None`: no credit.
    fn sourced(touches: &[Touch], given: &[(&str, Value)]) -> Option<Source> {
        let weights = weigh_one(&SourcedBy, given, Journey { touches, ..golden() }).unwrap()?;
        let taker = weights.iter().position(|weight| *weight == 1.0).expect("one touchpoint takes all");
        assert_eq!(weights.iter().sum::<f64>(), 1.0);
        Some(touches[taker].source)
    }

    #[test]
    fn it_passes_the_conformance_check() {
        assert_eq!(check(&SourcedBy), Ok(()));
    }

    #[test]
    fn the_sourcing_event_takes_all() {
        use Kind::{Creator, HandOff, LeadConversion, Meeting, PrimaryCampaign, Response};

        let ae = days_before(0, Source::AE, Creator);
        let events = days_before(0, Source::EVENTS, PrimaryCampaign);
        let cases: Vec<(&str, Vec<Touch>, Option<Source>)> = vec![
            (
                "an SDR's conversion in the window beats the AE who created it",
                vec![days_before(3, Source::SDR, LeadConversion), ae],
                Some(Source::SDR),
            ),
            ("so does a BDR's hand-off", vec![days_before(3, Source::BDR, HandOff), ae], Some(Source::BDR)),
            ("the window's first instant counts", vec![days_before(30, Source::SDR, LeadConversion), ae], Some(Source::SDR)),
            ("the moment of creation counts", vec![days_before(0, Source::SDR, LeadConversion), ae], Some(Source::SDR)),
            ("before the window it is too old", vec![days_before(31, Source::SDR, LeadConversion), ae], Some(Source::AE)),
            ("after the creation it is too late", vec![days_before(-1, Source::SDR, LeadConversion), ae], Some(Source::AE)),
            (
                "the latest of several takes all",
                vec![days_before(20, Source::SDR, LeadConversion), days_before(5, Source::BDR, HandOff), ae],
                Some(Source::BDR),
            ),
            (
                "an AE's own conversion is no sourcing event",
                vec![days_before(3, Source::AE, LeadConversion), ae],
                Some(Source::AE),
            ),
            (
                "an AE's later hand-off does not hide an SDR's conversion",
                vec![days_before(9, Source::SDR, LeadConversion), days_before(3, Source::AE, HandOff), ae],
                Some(Source::SDR),
            ),
            ("an SDR's meeting is none either", vec![days_before(3, Source::SDR, Meeting), ae], Some(Source::AE)),
            (
                "the creator's role beats the campaign",
                vec![days_before(9, Source::DIGITAL, Response), days_before(0, Source::CLOUD_SALES, Creator), events],
                Some(Source::CLOUD_SALES),
            ),
            (
                "without a creator's role it is the campaign's channel",
                vec![days_before(9, Source::DIGITAL, Response), events],
                Some(Source::EVENTS),
            ),
            ("with nothing of it all nobody takes anything", vec![days_before(9, Source::DIGITAL, Response)], None),
        ];
        for (reason, touches, expected) in cases {
            assert_eq!(sourced(&touches, &[]), expected, "{reason}");
        }
    }

    #[test]
    fn a_wider_window_reaches_further_back() {
        let touches = [days_before(45, Source::BDR, Kind::HandOff), days_before(0, Source::AE, Kind::Creator)];
        for (window, expected) in [(44, Source::AE), (45, Source::BDR), (3_650, Source::BDR), (0, Source::AE)] {
            assert_eq!(sourced(&touches, &[("window_days", Value::Whole(window))]), Some(expected), "{window}");
        }
    }
}
