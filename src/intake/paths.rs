//! A plain file of journeys: paths of sources with how often each was won and lost, for people who have nothing else.
//!
//! A CSV file with the columns `path` (sources separated by ` > `), `total_conversions`, and where they are there
//! `total_conversion_value` and `total_null`; any order, any case, other columns are passed over. It is read in one pass, in
//! pieces; a path that comes again is kept once, and no row allocates anything. A row that cannot be read stops the reading.

mod record;

use record::{Records, Row};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::Read;

/// How many sources a file may name: as many as there are codes.
pub const MOST_SOURCES: usize = 1 << 16;

/// Between two sources of a path.
const SEPARATOR: &str = " > ";

/// Why a file of journeys cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// The file could not be opened or read.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The file is empty.
    #[error("it is empty: its first line must name the columns path and total_conversions")]
    Empty,
    /// The header lacks a column.
    #[error("its header has no column {0}; it needs path and total_conversions, and takes total_conversion_value and total_null")]
    MissingColumn(&'static str),
    /// The header names a column twice.
    #[error("its header has the column {0} twice")]
    RepeatedColumn(&'static str),
    /// There is a header and nothing below.
    #[error("it has a header and no row below it")]
    NoRow,
    /// A row cannot be read.
    #[error("line {line}: {reason}")]
    BadRow {
        /// Counted from 1, where the row begins.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

/// Each path once, with what became of it.
#[derive(Debug, Default)]
pub struct Paths {
    names: Vec<String>,
    /// The sources of all paths, one path after the other, by their place in `names`.
    steps: Vec<u16>,
    /// One for each path.
    totals: Vec<Totals>,
}

/// What became of one path.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// One after the last of its steps.
    end: usize,
    /// How often it was won; >= 0.
    pub conversions: f64,
    /// What those were worth.
    pub value: f64,
    /// How often it was lost; >= 0.
    pub null: f64,
}

impl Paths {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, has no such columns, no row, or a row that makes no sense.
    pub fn read(file: impl Read) -> Result<Self, PathsError> {
        let mut records = Records::new(file);
        let Some(columns) = records.next(Columns::of)? else { return Err(PathsError::Empty) };
        let columns = columns?;
        let mut reading = Reading::default();
        while let Some(taken) = records.next(|row| reading.take(row, &columns))? {
            taken?;
        }
        match reading.paths.totals.is_empty() {
            true => Err(PathsError::NoRow),
            false => Ok(reading.paths),
        }
    }

    /// The sources by their codes: names in the order in which the file first names them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Each path, with the codes of its sources, in the order in which the file first has it.
    pub fn iter(&self) -> impl Iterator<Item = (&[u16], &Totals)> {
        let starts = std::iter::once(0).chain(self.totals.iter().map(|totals| totals.end));
        starts.zip(&self.totals).map(move |(start, totals)| (&self.steps[start..totals.end], totals))
    }
}

/// Where each column stands.
struct Columns {
    path: usize,
    conversions: usize,
    value: Option<usize>,
    null: Option<usize>,
    count: usize,
}

impl Columns {
    fn of(row: &Row<'_>) -> Result<Self, PathsError> {
        let names: Vec<String> = row.fields().map(|field| String::from_utf8_lossy(&field).trim().to_ascii_lowercase()).collect();
        let find = |name: &'static str| {
            let mut places = names.iter().enumerate().filter(|(_, own)| *own == name).map(|(place, _)| place);
            let found = places.next();
            if places.next().is_some() { Err(PathsError::RepeatedColumn(name)) } else { Ok(found) }
        };
        let need = |name: &'static str| find(name)?.ok_or(PathsError::MissingColumn(name));
        Ok(Self {
            path: need("path")?,
            conversions: need("total_conversions")?,
            value: find("total_conversion_value")?,
            null: find("total_null")?,
            count: names.len(),
        })
    }
}

/// What was read so far, and how to find a path and a source in it again.
#[derive(Default)]
struct Reading {
    paths: Paths,
    codes: HashMap<Vec<u8>, u16, BuildHasherDefault<Mix>>,
    /// Indices of paths plus 1 by their hash, 0 where none is; a power of two long, at most half full.
    slots: Vec<u32>,
    hashes: Vec<u64>,
}

impl Reading {
    fn take(&mut self, row: &Row<'_>, columns: &Columns) -> Result<(), PathsError> {
        let bad = |reason: String| PathsError::BadRow { line: row.line(), reason };
        let (mut steps, mut read) = (self.paths.steps.len(), Totals::default());
        let before = steps;
        let mut count = 0;
        for (place, field) in row.fields().enumerate() {
            count += 1;
            if place == columns.path {
                self.push_steps(&field).map_err(bad)?;
                steps = self.paths.steps.len();
            } else if place == columns.conversions {
                read.conversions = counted(&field, "total_conversions", None).map_err(bad)?;
            } else if Some(place) == columns.null {
                read.null = counted(&field, "total_null", Some(0.0)).map_err(bad)?;
            } else if Some(place) == columns.value {
                read.value = number(&field, "total_conversion_value", Some(0.0)).map_err(bad)?;
            }
        }
        if count != columns.count {
            return Err(bad(format!("it has {count} columns, and the header has {}", columns.count)));
        }
        let index = self.find_or_keep(before, steps);
        let totals = &mut self.paths.totals[index];
        totals.conversions += read.conversions;
        totals.value += read.value;
        totals.null += read.null;
        let finite = totals.conversions.is_finite() && totals.value.is_finite() && totals.null.is_finite();
        if finite { Ok(()) } else { Err(bad("with it, the path's numbers add up to more than a number can hold".into())) }
    }

    /// Adds the sources of a path at the end of all steps.
    fn push_steps(&mut self, path: &[u8]) -> Result<(), String> {
        if path.trim_ascii().is_empty() {
            return Err("the path is empty".into());
        }
        let mut rest = path;
        let mut from = 0;
        while let Some(found) = memchr::memchr(b'>', &rest[from..]) {
            let at = from + found;
            let is_separator = at > 0 && rest[at - 1] == b' ' && rest.get(at + 1) == Some(&b' ');
            if is_separator {
                self.push_step(&rest[..at - 1])?;
                // The space after it may also be the one before the next: `A > > B` has an empty step.
                rest = &rest[at + 1..];
                from = 0;
            } else {
                from = at + 1;
            }
        }
        self.push_step(rest)
    }

    fn push_step(&mut self, name: &[u8]) -> Result<(), String> {
        let name = name.trim_ascii();
        if name.is_empty() || name == b">" || name.starts_with(b"> ") || name.ends_with(b" >") {
            return Err(format!("a step of the path is empty: two sources have one '{SEPARATOR}' between them"));
        }
        let code = match self.codes.get(name) {
            Some(code) => *code,
            None => {
                let text = std::str::from_utf8(name).map_err(|_| "the path is not UTF-8: save the file as UTF-8".to_string())?;
                let code = u16::try_from(self.paths.names.len())
                    .map_err(|_| format!("it names more than {MOST_SOURCES} sources, which is the most"))?;
                self.paths.names.push(text.to_owned());
                self.codes.insert(name.to_vec(), code);
                code
            }
        };
        self.paths.steps.push(code);
        Ok(())
    }

    /// The index of the path whose steps were pushed last, from `start` to `end`; they go again if the path was there before.
    fn find_or_keep(&mut self, start: usize, end: usize) -> usize {
        if (self.paths.totals.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let hash = hash_of(&self.paths.steps[start..end]);
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != 0 {
            let index = self.slots[slot] as usize - 1;
            if self.hashes[index] == hash {
                let own_start = if index == 0 { 0 } else { self.paths.totals[index - 1].end };
                if self.paths.steps[own_start..self.paths.totals[index].end] == self.paths.steps[start..end] {
                    self.paths.steps.truncate(start);
                    return index;
                }
            }
            slot = (slot + 1) & mask;
        }
        self.paths.totals.push(Totals { end, ..Totals::default() });
        self.hashes.push(hash);
        self.slots[slot] = u32::try_from(self.hashes.len()).expect("memory ends before 2^32 paths");
        self.hashes.len() - 1
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(1 << 10);
        self.slots = vec![0; length];
        for (index, hash) in self.hashes.iter().enumerate() {
            let mut slot = *hash as usize & (length - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (length - 1);
            }
            self.slots[slot] = u32::try_from(index + 1).expect("memory ends before 2^32 paths");
        }
    }
}

fn counted(field: &[u8], column: &str, if_empty: Option<f64>) -> Result<f64, String> {
    match number(field, column, if_empty)? {
        count if count < 0.0 => Err(format!("{column} is {count}: a count is not negative")),
        count => Ok(count),
    }
}

/// A finite number. Digits alone, the usual case, need no general reading.
fn number(field: &[u8], column: &str, if_empty: Option<f64>) -> Result<f64, String> {
    let field = field.trim_ascii();
    if field.is_empty() {
        return if_empty.ok_or_else(|| format!("{column} is empty"));
    }
    if field.len() <= 15 && field.iter().all(u8::is_ascii_digit) {
        return Ok(field.iter().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0')) as f64);
    }
    let text = String::from_utf8_lossy(field);
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("{column} is '{}', which is no finite number", text.chars().take(40).collect::<String>())),
    }
}

fn hash_of(steps: &[u16]) -> u64 {
    let mut mix = Mix::default();
    steps.iter().for_each(|step| mix.write_u64(u64::from(*step) + 1));
    mix.finish()
}

/// A quick hash, the same on every run: a multiplication for every eight bytes, folded.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..eight.len()].copy_from_slice(eight);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0.rotate_left(5) ^ word ^ 0x2545_f491_4f6c_dd1d) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, f64, f64, f64)>, String> {
        let paths = Paths::read(text.as_bytes()).map_err(|error| error.to_string())?;
        let named =
            |steps: &[u16]| steps.iter().map(|code| paths.names()[usize::from(*code)].as_str()).collect::<Vec<_>>().join("|");
        Ok(paths.iter().map(|(steps, totals)| (named(steps), totals.conversions, totals.value, totals.null)).collect())
    }

    #[test]
    fn columns_come_in_any_order_and_case_and_the_same_path_is_kept_once() {
        let text = "\u{feff}Total_Null, other ,PATH,TOTAL_CONVERSIONS,total_conversion_value\r\n\
                    1,x,A > B,2,10.5\r\n\r\n0,y,B,0.25,-3\r\n4,z,  A > B ,1e1,0\r\n";
        let expected = vec![("A|B".into(), 12.0, 10.5, 5.0), ("B".into(), 0.25, -3.0, 0.0)];
        assert_eq!(read(text), Ok(expected));
        assert_eq!(read("path,total_conversions\nA,1"), Ok(vec![("A".into(), 1.0, 0.0, 0.0)]), "no line end at the end");
    }

    #[test]
    fn any_name_is_a_source() {
        let text = "path,total_conversions\n\"e-mail, \"\"cold\"\" > a->b > (start) > Größe > x\ny\",1\n5\" screen,2\n";
        let quoted = ("e-mail, \"cold\"|a->b|(start)|Größe|x\ny".into(), 1.0, 0.0, 0.0);
        assert_eq!(read(text), Ok(vec![quoted, ("5\" screen".into(), 2.0, 0.0, 0.0)]));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        let header = "path,total_conversions,total_null\n";
        let cases = [
            ("", "it is empty"),
            ("\n\n", "it is empty"),
            (header, "a header and no row"),
            ("path,total_null\nA,1\n", "no column total_conversions"),
            ("total_conversions\n1\n", "no column path"),
            ("path,total_conversions,Path\nA,1,A\n", "the column path twice"),
            ("path,total_conversions,total_null\nA,1,0\n,1,0\n", "line 3: the path is empty"),
            ("path,total_conversions,total_null\n  ,1,0\n", "line 2: the path is empty"),
            ("path,total_conversions,total_null\nA > ,1,0\n", "line 2: a step of the path is empty"),
            ("path,total_conversions,total_null\nA > > B,1,0\n", "line 2: a step of the path is empty"),
            ("path,total_conversions,total_null\n > A,1,0\n", "line 2: a step of the path is empty"),
            ("path,total_conversions,total_null\nA,-1,0\n", "line 2: total_conversions is -1: a count is not negative"),
            ("path,total_conversions,total_null\nA,1,-0.5\n", "line 2: total_null is -0.5"),
            ("path,total_conversions,total_null\nA,NaN,0\n", "line 2: total_conversions is 'NaN'"),
            ("path,total_conversions,total_null\nA,inf,0\n", "line 2: total_conversions is 'inf'"),
            ("path,total_conversions,total_null\nA,many,0\n", "line 2: total_conversions is 'many'"),
            ("path,total_conversions,total_null\nA,,0\n", "line 2: total_conversions is empty"),
            ("path,total_conversions,total_null\nA,1\n", "line 2: it has 2 columns, and the header has 3"),
            ("path,total_conversions,total_null\nA,1,0,0\n", "line 2: it has 4 columns"),
            ("path,total_conversions,total_null\nA,1,0\n\"B\nC > D,1,0\n", "line 3: a quote is opened and never closed"),
            ("path,total_conversions,total_null\n\"A\"x,1,0\n", "line 2: text follows a closing quote"),
            ("path,total_conversions,total_null\n\"A\n\",1,0\nB,x,0\n", "line 4: total_conversions is 'x'"),
            ("path,total_conversions,total_null\nA,1e308,0\nA,1e308,0\n", "line 3: with it"),
        ];
        for (text, expected) in cases {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(expected), "{text:?}: {refused}");
        }
    }

    #[test]
    fn a_row_without_an_end_is_refused_before_it_takes_all_memory() {
        for start in ["", "\""] {
            let text = format!("path,total_conversions\nA,1\n{start}");
            let refused = Paths::read(text.as_bytes().chain(std::io::repeat(b'x'))).unwrap_err().to_string();
            assert!(refused.contains("line 3: it is longer than 64 MB"), "{refused}");
        }
    }

    #[test]
    fn a_file_of_any_size_is_read_in_pieces() {
        // Longer than any buffer, with quoted line ends where pieces meet.
        let mut text = String::from("path,total_conversions\n");
        for row in 0..60_000 {
            text.push_str(&format!("\"s{} > \"\"q\"\"\n{}\",{}\n", row % 7, row % 3, row % 2));
        }
        let found = read(&text).unwrap();
        assert_eq!(found.len(), 21);
        assert_eq!(found.iter().map(|(_, conversions, ..)| conversions).sum::<f64>(), 30_000.0);
        let long = format!("path,total_conversions\n{}Z,2\n", "A > B > ".repeat(200_000));
        assert_eq!(Paths::read(long.as_bytes()).unwrap().iter().next().unwrap().0.len(), 400_001);
    }
}
