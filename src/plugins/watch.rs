//! Looks at the folder of plug-ins again whenever it changes.

use super::Registry;
use notify::{RecursiveMode, Watcher};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// A file is written in many steps: the folder is looked at once it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Makes the registry's folder where it is not there, and has it looked at after every change, on a thread of its own, for as
/// long as the registry is in use. Nothing where there is no folder.
///
/// # Errors
/// The folder cannot be made or watched.
pub fn watch(registry: &Arc<Registry>) -> Result<(), String> {
    let Some(folder) = registry.folder() else { return Ok(()) };
    let path = folder.path().to_owned();
    let failed = |error: &dyn std::fmt::Display| format!("plugins.folder {}: {error}", path.display());
    std::fs::create_dir_all(&path).map_err(|error| failed(&error))?;
    let (tell, told) = mpsc::channel();
    let changed = move |event: notify::Result<notify::Event>| {
        // Looking at the folder opens its files, which is told too, and must not have it looked at again.
        if !matches!(&event, Ok(event) if event.kind.is_access()) {
            // Whoever listened is gone: so will this be.
            let _ = tell.send(());
        }
    };
    let mut watcher = notify::recommended_watcher(changed).map_err(|error| failed(&error))?;
    watcher.watch(&path, RecursiveMode::NonRecursive).map_err(|error| failed(&error))?;
    let registry = Arc::downgrade(registry);
    let follow = move || {
        let _watcher = watcher;
        // At once, too: a file may have come before the folder was watched.
        while let Some(registry) = registry.upgrade() {
            registry.rescan();
            drop(registry);
            if told.recv().is_err() {
                break;
            }
            while told.recv_timeout(QUIET).is_ok() {}
        }
    };
    std::thread::Builder::new().name("plugin-folder".into()).spawn(follow).map_err(|error| failed(&error))?;
    Ok(())
}
