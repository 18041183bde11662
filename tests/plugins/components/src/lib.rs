//! One model for each feature, exported as a component.

#[cfg(feature = "hostile")]
mod hostile;

#[cfg(feature = "linear")]
pipewright_plugin::export_model!(pipewright_positional::Linear);
#[cfg(feature = "sourced-by")]
pipewright_plugin::export_model!(pipewright_sourcing::SourcedBy);
#[cfg(feature = "hostile")]
pipewright_plugin::export_model!(hostile::Hostile);
