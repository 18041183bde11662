//! One model for each feature, exported as a component.

#[cfg(feature = "fragile")]
mod fragile;
#[cfg(any(feature = "hostile", feature = "moody"))]
mod hostile;
#[cfg(feature = "moody")]
mod moody;

#[cfg(feature = "linear")]
pipewright_plugin::export_model!(pipewright_positional::Linear);
#[cfg(feature = "full-path")]
pipewright_plugin::export_model!(pipewright_milestone::Fixed::FULL_PATH);
#[cfg(feature = "time-decay")]
pipewright_plugin::export_model!(pipewright_time_decay::TimeDecay);
#[cfg(feature = "influence")]
pipewright_plugin::export_model!(pipewright_influence::Influence);
#[cfg(feature = "markov")]
pipewright_plugin::export_model!(pipewright_markov::Markov);
#[cfg(feature = "shapley")]
pipewright_plugin::export_model!(pipewright_shapley::Shapley);
#[cfg(feature = "sourced-by")]
pipewright_plugin::export_model!(pipewright_sourcing::SourcedBy);
#[cfg(feature = "fragile")]
pipewright_plugin::export_model!(fragile::Fragile);
#[cfg(feature = "hostile")]
pipewright_plugin::export_model!(hostile::Hostile);
#[cfg(feature = "moody")]
pipewright_plugin::export_model!(moody::Moody);
