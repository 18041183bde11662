//! Compiling in a process of its own: no limit reaches a compiler but a kill.

use super::Limits;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often the compiling process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Lets `program plugin compile FILE` compile a component, and stops it when it takes too long. Nothing is kept of what it
/// made: what it compiled in time, this process compiles in time.
///
/// # Errors
/// It takes too long, fails, or cannot be started.
pub fn compile_apart(program: &Path, file: &Path, limits: &Limits) -> Result<(), String> {
    let started = Command::new(program)
        .args(["plugin", "compile"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|error| format!("the compiler cannot be started: {error}"))?;
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(ended)) if ended.success() => return Ok(()),
            Ok(Some(_)) => return Err("it does not compile; `pipewright plugin test` on the file says why".into()),
            Ok(None) if begun.elapsed() < Duration::from_millis(limits.compile_ms) => std::thread::sleep(LOOK),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it takes longer than {} ms to compile", limits.compile_ms));
            }
            Err(error) => return Err(format!("the compiler cannot be waited for: {error}")),
        }
    }
}
