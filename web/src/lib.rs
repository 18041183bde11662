//! The dashboard and GraphiQL, built by this crate's build script and embedded in the binary.
//!
//! Where Node.js is missing at build time, one plain page stands in and says so.

use include_dir::{Dir, include_dir};

static FILES: Dir<'static> = include_dir!("$OUT_DIR/dist");

/// A built file by its path (no leading slash) with its media type; `None` where there is none.
pub fn file(path: &str) -> Option<(&'static [u8], &'static str)> {
    let file = FILES.get_file(path)?;
    let media_type = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    Some((file.contents(), media_type))
}

/// Whether the real pages were built, rather than the one that says that Node.js was missing.
pub fn is_built() -> bool {
    FILES.get_dir("assets").is_some()
}
