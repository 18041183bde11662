//! How far an import is, and whether it is to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One step, told now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another import into the same database goes on; this one waits for its end.
    Waiting,
    /// Files are being read into the work file.
    Reading {
        /// Which file.
        file: String,
        /// Rows read of it.
        rows: u64,
        /// Of them, rows set aside.
        rejected: u64,
        /// Bytes read of all files.
        bytes: u64,
        /// Bytes of all files.
        of_bytes: u64,
    },
    /// Records are being built and written.
    Writing {
        /// Of which object.
        object: &'static str,
        /// Records done of all objects.
        records: u64,
        /// Records of all objects.
        of_records: u64,
    },
}

/// Who is told.
pub type Listener = dyn Fn(Progress) + Send + Sync;

/// Asks an import to stop at the next place where nothing is lost; clones ask the same import.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
