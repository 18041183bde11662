//! How far an import is.

/// One step, told now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
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
