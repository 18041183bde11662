//! The files of the folder of plug-ins: those that serve, and those that are not let in.

use crate::plugins;
use async_graphql::{Context, Object};

/// Files that are listed at most.
const MOST_FILES: usize = 100;

/// A file of the folder of plug-ins.
pub struct PluginFile {
    pub(super) file: plugins::PluginFile,
    pub(super) refused_because: Option<String>,
}

/// A file of the folder of plug-ins.
#[Object]
impl PluginFile {
    /// Its name in the folder.
    async fn name(&self) -> &str {
        &self.file.name
    }

    /// SHA-256 of what it holds, in hexadecimal.
    async fn sha256(&self) -> &str {
        &self.file.sha256
    }

    /// Why it is not let in; null where it is. An older version of it may still serve.
    async fn refused_because(&self) -> Option<&str> {
        self.refused_because.as_deref()
    }
}

/// The files, asked for.
#[derive(Default)]
pub struct PluginFileQuery;

#[Object]
impl PluginFileQuery {
    /// The files in the folder of plug-ins: those that serve, in the order of their models, and then those that are refused,
    /// with the reason; the first 100.
    #[graphql(complexity = "MOST_FILES * child_complexity + 1")]
    async fn plugin_files(&self, ctx: &Context<'_>) -> Vec<PluginFile> {
        let registry = &super::app(ctx).models;
        let serving = registry.listed().into_iter().filter_map(|listed| listed.file);
        let serving = serving.map(|file| PluginFile { file, refused_because: None });
        let refused = registry.refused().into_iter();
        let refused = refused.map(|refused| PluginFile { file: refused.file, refused_because: Some(refused.reason.to_string()) });
        serving.chain(refused).take(MOST_FILES).collect()
    }
}
