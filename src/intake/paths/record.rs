//! The rows of a CSV file, one at a time, from a buffer that is filled again and again.

use super::PathsError;
use std::borrow::Cow;
use std::io::Read;

/// Bytes in the buffer at first; a longer row makes it longer.
const PIECE: usize = 1 << 18;

/// Bytes of a row at most: what is longer is no journey, and a file without line ends must not take all memory.
const ROW_BYTES: usize = 64 << 20;

/// The byte order mark that some programs write before a header.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A file, row by row. Empty lines are passed over.
pub(super) struct Records<R> {
    file: R,
    buffer: Vec<u8>,
    /// What of the buffer is read from the file, and not yet taken.
    start: usize,
    end: usize,
    is_at_end: bool,
    /// Of the next row, counted from 1.
    line: u64,
}

/// One row, without its line end.
pub(super) struct Row<'a> {
    bytes: &'a [u8],
    has_quotes: bool,
    line: u64,
}

/// Where a row ends in the buffer.
struct Extent {
    /// Without the line end.
    row: usize,
    /// With it.
    taken: usize,
    lines: u64,
    has_quotes: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file, buffer: vec![0; PIECE], start: 0, end: 0, is_at_end: false, line: 1 }
    }

    /// Shows the next row to `take`; `None` at the end of the file.
    pub(super) fn next<T>(&mut self, take: impl FnOnce(&Row<'_>) -> T) -> Result<Option<T>, PathsError> {
        loop {
            let Some(extent) = self.extent()? else { return Ok(None) };
            let (from, line) = (self.start, self.line);
            self.start += extent.taken;
            self.line += extent.lines;
            let mut bytes = &self.buffer[from..from + extent.row];
            if line == 1 {
                bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
            }
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            if !bytes.is_empty() {
                let row = Row { bytes, has_quotes: extent.has_quotes, line };
                row.check_quotes()?;
                return Ok(Some(take(&row)));
            }
        }
    }

    /// Finds the end of the row that begins at `start`, reading on as far as needed; `None` if nothing is left.
    fn extent(&mut self) -> Result<Option<Extent>, PathsError> {
        loop {
            let unread = &self.buffer[self.start..self.end];
            match extent_of(unread) {
                Some(extent) => return Ok(Some(extent)),
                None if !self.is_at_end => self.fill()?,
                None if unread.is_empty() => return Ok(None),
                None => {
                    let has_quotes = unread.contains(&b'"');
                    let mut quotes = Quotes::default();
                    unread.iter().for_each(|byte| {
                        quotes.pass(*byte);
                    });
                    if quotes.is_inside {
                        let reason = "a quote is opened and never closed".into();
                        return Err(PathsError::BadRow { line: self.line, reason });
                    }
                    return Ok(Some(Extent { row: unread.len(), taken: unread.len(), lines: 1, has_quotes }));
                }
            }
        }
    }

    /// Moves what is not taken to the front, and reads on behind it.
    fn fill(&mut self) -> Result<(), PathsError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            if self.end >= ROW_BYTES {
                let reason = format!("it is longer than {} MB", ROW_BYTES >> 20);
                return Err(PathsError::BadRow { line: self.line, reason });
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            match self.file.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    self.is_at_end = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A row ends at the first line end that is outside of quotes; `None` if there is none.
fn extent_of(bytes: &[u8]) -> Option<Extent> {
    let plain = memchr::memchr2(b'\n', b'"', bytes)?;
    if bytes[plain] == b'\n' {
        return Some(Extent { row: plain, taken: plain + 1, lines: 1, has_quotes: false });
    }
    let (mut quotes, mut lines) = (Quotes::default(), 1);
    for (place, byte) in bytes.iter().enumerate() {
        match (quotes.pass(*byte), byte) {
            (true, b'\n') => return Some(Extent { row: place, taken: place + 1, lines, has_quotes: true }),
            (false, b'\n') => lines += 1,
            _ => {}
        }
    }
    None
}

/// Whether a byte is within quotes. Only a quote that a field begins with opens any.
#[derive(Default)]
struct Quotes {
    is_inside: bool,
    is_quoted_field: bool,
    is_within_field: bool,
}

impl Quotes {
    /// Goes past a byte; whether it may end a field or a row.
    fn pass(&mut self, byte: u8) -> bool {
        match byte {
            b'"' if self.is_quoted_field => self.is_inside = !self.is_inside,
            b'"' if !self.is_within_field => (self.is_inside, self.is_quoted_field) = (true, true),
            b',' | b'\n' if !self.is_inside => {
                *self = Self::default();
                return true;
            }
            _ => {}
        }
        self.is_within_field = true;
        false
    }
}

impl<'a> Row<'a> {
    /// The line it begins on, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Its fields, without quotes. Only a field with a quote in it is copied.
    pub(super) fn fields(&self) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let (has_quotes, mut rest) = (self.has_quotes, Some(self.bytes));
        std::iter::from_fn(move || {
            let bytes = rest?;
            let end = if has_quotes { end_of_field(bytes) } else { memchr::memchr(b',', bytes) };
            let field = &bytes[..end.unwrap_or(bytes.len())];
            rest = end.map(|end| &bytes[end + 1..]);
            Some(if has_quotes { unquoted(field) } else { Cow::Borrowed(field) })
        })
    }

    fn check_quotes(&self) -> Result<(), PathsError> {
        if !self.has_quotes {
            return Ok(());
        }
        let mut rest = Some(self.bytes);
        while let Some(bytes) = rest {
            let end = end_of_field(bytes);
            let field = &bytes[..end.unwrap_or(bytes.len())];
            if field.starts_with(b"\"") && !is_whole(field) {
                return Err(PathsError::BadRow { line: self.line, reason: "text follows a closing quote".into() });
            }
            rest = end.map(|end| &bytes[end + 1..]);
        }
        Ok(())
    }
}

/// The first comma outside of quotes.
fn end_of_field(bytes: &[u8]) -> Option<usize> {
    let mut quotes = Quotes::default();
    bytes.iter().position(|byte| quotes.pass(*byte) && *byte == b',')
}

/// Whether the quote that a field begins with is closed at its end, and every quote between is doubled.
fn is_whole(field: &[u8]) -> bool {
    let Some(inner) = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")) else { return false };
    let mut run = 0;
    for byte in inner {
        match byte {
            b'"' => run += 1,
            _ if run % 2 == 1 => return false,
            _ => run = 0,
        }
    }
    run % 2 == 0
}

fn unquoted(field: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")) else {
        return Cow::Borrowed(field);
    };
    if !inner.contains(&b'"') {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut is_second = false;
    for byte in inner {
        is_second = *byte == b'"' && !is_second;
        if !is_second {
            plain.push(*byte);
        }
    }
    Cow::Owned(plain)
}
