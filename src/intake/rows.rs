//! Reading CSV that nobody checked: one bad row never takes the rest of the file with it, and no row takes more memory
//! than [`RECORD_BYTES`].

use std::io::{self, BufRead, Read};

/// Bytes of a field at most: four times the longest text a Salesforce field holds.
pub const FIELD_BYTES: usize = 512 << 10;
/// Bytes of a record at most.
pub const RECORD_BYTES: usize = 4 << 20;
/// Columns of a header at most.
pub const COLUMNS: usize = 2_000;
const READ_BYTES: usize = 64 << 10;

/// How the bytes of a file spell text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows-1252, of which ISO-8859-1 is a part.
    Windows1252,
    /// UTF-16: refused.
    Utf16,
}

/// What a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Its fields.
    Fields(Vec<String>),
    /// It cannot be read: the reason.
    Fault(&'static str),
}

/// A record, where it stands, and its bytes as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line of its first byte, from 1.
    pub line: u64,
    /// What it says.
    pub record: Record,
    /// The text as it stands in the file, without the line's end; shortened where it was too long.
    pub raw: String,
}

/// Tells the encoding from all bytes of a file.
///
/// Bytes that are no UTF-8 mean Windows-1252 unless the file also holds multi-byte UTF-8: then the bad bytes are the rows' fault.
///
/// # Errors
/// The file cannot be read.
pub fn encoding_of(input: &mut dyn Read) -> io::Result<Encoding> {
    let mut buffer = vec![0_u8; READ_BYTES];
    let (mut held, mut first, mut multibyte, mut invalid) = (0, true, false, false);
    loop {
        let count = input.read(&mut buffer[held..])?;
        let filled = held + count;
        if first && filled >= 2 {
            first = false;
            let bytes = &buffer[..filled];
            if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || (bytes[0] == 0) != (bytes[1] == 0) {
                return Ok(Encoding::Utf16);
            }
        }
        let text = if first {
            &buffer[..filled]
        } else {
            buffer[..filled].strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(&buffer[..filled])
        };
        let offset = filled - text.len();
        let mut at = 0;
        loop {
            match std::str::from_utf8(&text[at..]) {
                Ok(good) => {
                    multibyte |= !good.is_ascii();
                    at = text.len();
                    break;
                }
                Err(error) => {
                    multibyte |= !text[at..at + error.valid_up_to()].is_ascii();
                    at += error.valid_up_to();
                    match error.error_len() {
                        Some(length) => {
                            invalid = true;
                            at += length;
                        }
                        None => break,
                    }
                }
            }
        }
        if count == 0 {
            invalid |= at < text.len();
            return Ok(if invalid && !multibyte { Encoding::Windows1252 } else { Encoding::Utf8 });
        }
        let rest = offset + at;
        buffer.copy_within(rest..filled, 0);
        held = filled - rest;
    }
}

/// The records of a file, one after the other.
pub struct Rows<R> {
    input: io::BufReader<R>,
    encoding: Encoding,
    again: Vec<u8>,
    again_at: usize,
    line: u64,
}

enum Place {
    Start,
    Bare,
    Quoted,
    Closed,
}

impl<R: Read> Rows<R> {
    /// Reads `input` from its start; a byte order mark is dropped.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(input: R, encoding: Encoding) -> io::Result<Self> {
        let mut input = io::BufReader::with_capacity(READ_BYTES, input);
        let mut again = Vec::new();
        input.by_ref().take(3).read_to_end(&mut again)?;
        if again == [0xEF, 0xBB, 0xBF] {
            again.clear();
        }
        Ok(Self { input, encoding, again, again_at: 0, line: 1 })
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        if self.again_at < self.again.len() {
            self.again_at += 1;
            return Ok(Some(self.again[self.again_at - 1]));
        }
        let next = self.input.fill_buf()?.first().copied();
        if next.is_some() {
            self.input.consume(1);
        }
        Ok(next)
    }

    /// Puts bytes back so that they are read again.
    fn put_back(&mut self, mut bytes: Vec<u8>) {
        bytes.extend_from_slice(&self.again[self.again_at..]);
        self.again = bytes;
        self.again_at = 0;
    }

    /// The next record that is not an empty line; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        loop {
            let Some(row) = self.read_row()? else { return Ok(None) };
            if row.record != Record::Fields(vec![String::new()]) {
                return Ok(Some(row));
            }
        }
    }

    fn read_row(&mut self) -> io::Result<Option<Row>> {
        let line = self.line;
        let (mut raw, mut fields, mut field) = (Vec::new(), Vec::new(), Vec::new());
        let (mut place, mut too_long) = (Place::Start, false);
        loop {
            let Some(byte) = self.byte()? else {
                if raw.is_empty() {
                    return Ok(None);
                }
                if matches!(place, Place::Quoted) {
                    return Ok(Some(self.first_line(line, raw, "a quote is not closed")));
                }
                fields.push(field);
                return Ok(Some(self.finish(line, raw, fields, too_long)));
            };
            raw.push(byte);
            if raw.len() > RECORD_BYTES {
                return self.skip_line(line, raw).map(Some);
            }
            match (&place, byte) {
                (Place::Quoted, b'"') => place = Place::Closed,
                (Place::Quoted, _) => field.push(byte),
                (Place::Closed, b'"') => {
                    field.push(b'"');
                    place = Place::Quoted;
                }
                (_, b',') => {
                    fields.push(std::mem::take(&mut field));
                    place = Place::Start;
                }
                (_, b'\n') => {
                    fields.push(field);
                    self.line += raw.iter().filter(|byte| **byte == b'\n').count() as u64;
                    return Ok(Some(self.finish(line, raw, fields, too_long)));
                }
                (_, b'\r') => {}
                (Place::Start, b'"') => place = Place::Quoted,
                (Place::Closed, _) => {
                    return Ok(Some(self.first_line(line, raw, "a quote is not closed, or stands inside a value")));
                }
                (_, _) => {
                    field.push(byte);
                    place = Place::Bare;
                }
            }
            too_long |= field.len() > FIELD_BYTES;
        }
    }

    /// Gives up on the first physical line of what was read, and reads the rest again.
    fn first_line(&mut self, line: u64, mut raw: Vec<u8>, reason: &'static str) -> Row {
        if let Some(end) = raw.iter().position(|byte| *byte == b'\n') {
            let rest = raw.split_off(end + 1);
            self.put_back(rest);
        } else {
            let mut rest = Vec::new();
            // The line goes on in the input: read to its end, within the limit of a record.
            while let Ok(Some(byte)) = self.byte() {
                if byte == b'\n' || raw.len() + rest.len() > RECORD_BYTES {
                    break;
                }
                rest.push(byte);
            }
            raw.extend(rest);
        }
        self.line = line + 1;
        Row { line, record: Record::Fault(reason), raw: shown(&raw) }
    }

    fn skip_line(&mut self, line: u64, raw: Vec<u8>) -> io::Result<Row> {
        self.line += raw.iter().filter(|byte| **byte == b'\n').count() as u64;
        while self.again_at < self.again.len() {
            self.again_at += 1;
            if self.again[self.again_at - 1] == b'\n' {
                self.line += 1;
                return Ok(too_long(line, &raw));
            }
        }
        // By buffers: what is skipped may be hundreds of megabytes.
        loop {
            let buffer = self.input.fill_buf()?;
            let (length, end) = (buffer.len(), buffer.iter().position(|byte| *byte == b'\n'));
            self.input.consume(end.map_or(length, |end| end + 1));
            self.line += u64::from(end.is_some());
            if end.is_some() || length == 0 {
                return Ok(too_long(line, &raw));
            }
        }
    }

    fn finish(&self, line: u64, raw: Vec<u8>, fields: Vec<Vec<u8>>, too_long: bool) -> Row {
        let fault = |reason, raw: &[u8]| Row { line, record: Record::Fault(reason), raw: shown(raw) };
        if too_long {
            return fault("a field is too long", &raw[..raw.len().min(4_096)]);
        }
        if raw.contains(&0) {
            return fault("the row holds a NUL", &raw);
        }
        let texts: Option<Vec<String>> = fields.into_iter().map(|field| self.decode(field)).collect();
        match texts {
            Some(texts) => {
                Row { line, record: Record::Fields(texts), raw: self.decode(trimmed(&raw).to_vec()).unwrap_or_default() }
            }
            None => fault("the row holds a byte that is no UTF-8", &raw),
        }
    }

    fn decode(&self, bytes: Vec<u8>) -> Option<String> {
        match self.encoding {
            Encoding::Windows1252 => Some(encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned()),
            _ => String::from_utf8(bytes).ok(),
        }
    }
}

fn too_long(line: u64, raw: &[u8]) -> Row {
    Row { line, record: Record::Fault("the record is too long"), raw: shown(&raw[..raw.len().min(4_096)]) }
}

fn trimmed(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
}

fn shown(raw: &[u8]) -> String {
    String::from_utf8_lossy(trimmed(raw)).replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Result<Vec<String>, &'static str>)> {
        let encoding = encoding_of(&mut &bytes[..]).unwrap();
        let mut rows = Rows::new(bytes, encoding).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            all.push((
                row.line,
                match row.record {
                    Record::Fields(fields) => Ok(fields),
                    Record::Fault(reason) => Err(reason),
                },
            ));
        }
        all
    }

    fn good(line: u64, fields: &[&str]) -> (u64, Result<Vec<String>, &'static str>) {
        (line, Ok(fields.iter().map(|field| (*field).to_owned()).collect()))
    }

    #[test]
    fn quotes_newlines_and_a_byte_order_mark_read_as_meant() {
        let rows = read(b"\xEF\xBB\xBFId,Name\r\n1,\"a \"\"b\"\"\nc\"\r\n\r\n2,d");
        assert_eq!(rows, [good(1, &["Id", "Name"]), good(2, &["1", "a \"b\"\nc"]), good(5, &["2", "d"])]);
    }

    #[test]
    fn a_bad_row_never_takes_the_next_one_with_it() {
        let rows = read(b"1,\"open\n2,\"b\"\n3,c\0\n4,d\n5,\"e");
        assert!(rows[0].1.is_err() && rows[2].1.is_err() && rows[4].1.is_err(), "{rows:?}");
        assert_eq!((&rows[1], &rows[3]), (&good(2, &["2", "b"]), &good(4, &["4", "d"])));
    }

    #[test]
    fn a_record_that_is_too_long_is_one_fault() {
        let mut bytes = vec![b'x'; RECORD_BYTES * 2];
        bytes.extend_from_slice(b"\n2,b\n");
        let rows = read(&bytes);
        assert_eq!(rows, [(1, Err("the record is too long")), good(2, &["2", "b"])]);
    }

    #[test]
    fn a_field_of_two_hundred_megabytes_is_one_fault_and_takes_no_memory() {
        let long = (b"1,\"" as &[u8]).chain(io::repeat(b'x').take(200 << 20)).chain(b"\"\n2,b\n" as &[u8]);
        let mut rows = Rows::new(long, Encoding::Utf8).unwrap();
        let first = rows.next_row().unwrap().unwrap();
        assert_eq!((first.line, first.record, first.raw.len()), (1, Record::Fault("the record is too long"), 4_096));
        let next = rows.next_row().unwrap().unwrap();
        assert_eq!((next.line, next.record), (2, Record::Fields(vec!["2".into(), "b".into()])));
    }

    #[test]
    fn the_encoding_follows_from_the_bytes() {
        let cases: [(&[u8], Encoding); 5] = [
            (b"plain", Encoding::Utf8),
            ("gr\u{fc}n".as_bytes(), Encoding::Utf8),
            (b"gr\xFCn", Encoding::Windows1252),
            (b"gr\xFCn \xC3\xBC", Encoding::Utf8),
            (b"\xFF\xFEI\0", Encoding::Utf16),
        ];
        for (bytes, expected) in cases {
            assert_eq!(encoding_of(&mut &bytes[..]).unwrap(), expected, "{bytes:?}");
        }
        assert_eq!(read(b"gr\xFCn"), [good(1, &["gr\u{fc}n"])]);
    }
}
