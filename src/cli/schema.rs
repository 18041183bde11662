//! `pipewright schema`: the public API as text.

use std::path::PathBuf;

/// Prints the GraphQL schema.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pipewright schema
  pipewright schema --out schema.graphql")]
pub struct SchemaArgs {
    /// Writes it into this file instead.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Prints or writes the schema.
///
/// # Errors
/// It could not be written.
pub fn run(args: SchemaArgs) -> Result<(), std::io::Error> {
    use std::io::Write;
    let text = crate::graphql::sdl();
    match args.out {
        Some(file) => std::fs::write(file, text),
        None => std::io::stdout().write_all(text.as_bytes()),
    }
}
