//! The one list of the models that come with the server.

use pipewright_influence::Influence;
use pipewright_markov::Markov;
use pipewright_milestone::{Custom, Fixed, UShaped};
use pipewright_plugin::Model;
use pipewright_positional::{JShaped, Linear, PositionBased, Single};
use pipewright_shapley::Shapley;
use pipewright_sourcing::{SourcedBy, Splits};
use pipewright_time_decay::TimeDecay;

/// Each once, in the order in which people see them.
pub fn models() -> Vec<Box<dyn Model>> {
    vec![
        Box::new(SourcedBy),
        Box::new(Splits::REVENUE),
        Box::new(Single::FIRST),
        Box::new(Single::LAST),
        Box::new(Single::LAST_NON_DIRECT),
        Box::new(Fixed::LEAD_CREATION),
        Box::new(Fixed::OPPORTUNITY_CREATION),
        Box::new(Linear),
        Box::new(PositionBased),
        Box::new(UShaped),
        Box::new(Fixed::W_SHAPED),
        Box::new(Fixed::FULL_PATH),
        Box::new(JShaped::LATE),
        Box::new(JShaped::EARLY),
        Box::new(TimeDecay),
        Box::new(Custom),
        Box::new(Markov),
        Box::new(Shapley),
        Box::new(Influence),
        Box::new(Splits::OVERLAY),
    ]
}
