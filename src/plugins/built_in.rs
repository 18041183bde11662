//! The one list of the models that come with the server.

use pipewright_markov::Markov;
use pipewright_plugin::Model;
use pipewright_positional::{Linear, Single};
use pipewright_shapley::Shapley;
use pipewright_sourcing::SourcedBy;

/// Each once, in the order in which people see them.
pub(super) fn models() -> Vec<Box<dyn Model>> {
    vec![
        Box::new(SourcedBy),
        Box::new(Single::FIRST),
        Box::new(Single::LAST),
        Box::new(Linear),
        Box::new(Markov),
        Box::new(Shapley),
    ]
}
