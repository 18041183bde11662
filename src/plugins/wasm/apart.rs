//! Compiling in a process of its own: no limit reaches a compiler but a kill.

use super::Limits;
use crate::plugins::Unfit;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often the compiling process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Lets `program plugin compile` compile a component under the same limits, and stops it when it takes too long. Nothing is
/// kept of what it made: what it compiled in time, this process compiles in time.
///
/// # Errors
/// It takes too long, fails, or cannot be started.
pub fn compile_apart(program: &Path, component: &[u8], limits: &Limits) -> Result<(), Unfit> {
    let started = Command::new(program)
        .args(["plugin", "compile"])
        .env("PIPEWRIGHT__PLUGINS__COMPONENTS__FILE_BYTES", limits.file_bytes.to_string())
        .env("PIPEWRIGHT__PLUGINS__COMPONENTS__FUNCTIONS", limits.functions.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|error| Unfit::Now(format!("the compiler cannot be started: {error}")))?;
    let mut input = child.stdin.take().expect("its input is piped");
    let component = component.to_vec();
    // From a thread of its own: a process that does not read would keep this one waiting.
    let fed = std::thread::spawn(move || input.write_all(&component));
    let begun = Instant::now();
    let ended = loop {
        match child.try_wait() {
            Ok(Some(ended)) if ended.success() => break Ok(()),
            Ok(Some(_)) => break Err(Unfit::Always("it does not compile; `pipewright plugin test` on the file says why".into())),
            Ok(None) if begun.elapsed() < Duration::from_millis(limits.compile_ms) => std::thread::sleep(LOOK),
            Ok(None) => break Err(Unfit::Now(format!("it takes longer than {} ms to compile", limits.compile_ms))),
            Err(error) => break Err(Unfit::Now(format!("the compiler cannot be waited for: {error}"))),
        }
    };
    // Whatever became of it, nothing of it is left behind.
    let _ = child.kill();
    let _ = child.wait();
    let _ = fed.join();
    ended
}
