//! Builds the pages with npm into `OUT_DIR/dist`; without Node.js, writes one plain page that says so.

use std::path::{Path, PathBuf};
use std::process::Command;

const PLAIN: &str = "<!doctype html><html lang=\"en\"><title>Pipewright</title>\
<p>The pages were not built, as Node.js 20 or newer was missing when this binary was. \
The API answers at <code>/graphql</code> all the same. Install Node.js and build again.</p></html>";

fn main() {
    for path in
        ["src", "index.html", "graphiql.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json", "build.rs"]
    {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let dist = out.join("dist");
    if !has_node() {
        println!("cargo::warning=Node.js is missing: the dashboard and GraphiQL are left out");
        write_plain_pages(&dist);
        return;
    }
    let source = copy_source(&out.join("source"));
    npm(&source, &["ci", "--no-audit", "--no-fund", "--loglevel=error"], &dist);
    npm(&source, &["run", "--silent", "build"], &dist);
}

fn has_node() -> bool {
    Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success())
}

fn write_plain_pages(dist: &Path) {
    std::fs::create_dir_all(dist).expect("OUT_DIR can be written");
    for page in ["index.html", "graphiql.html"] {
        std::fs::write(dist.join(page), PLAIN).expect("OUT_DIR can be written");
    }
}

/// npm installs beside `package.json`: a copy keeps the source tree clean and two builds apart.
fn copy_source(to: &Path) -> PathBuf {
    std::fs::create_dir_all(to.join("src")).expect("OUT_DIR can be written");
    for name in ["index.html", "graphiql.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"] {
        std::fs::copy(name, to.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for entry in std::fs::read_dir("src").expect("the crate has a src folder") {
        let entry = entry.expect("src can be listed");
        std::fs::copy(entry.path(), to.join("src").join(entry.file_name())).expect("OUT_DIR can be written");
    }
    to.to_owned()
}

fn npm(folder: &Path, arguments: &[&str], dist: &Path) {
    let output = Command::new("npm").args(arguments).current_dir(folder).env("PIPEWRIGHT_WEB_OUT", dist).output();
    let output = output.expect("npm ran a moment ago");
    assert!(
        output.status.success(),
        "npm {}: {}\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
