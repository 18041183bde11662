//! Finding the files of an export: in folders, by themselves, or inside the zips of the Data Export Service.

use super::IntakeError;
use super::rejects;
use super::salesforce::objects::{Object, PARTS, by_header, named, stem};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// How many times larger than its packed bytes a zip's entry may be: far above what CSV packs to, far below a bomb.
const RATIO: u64 = 250;

/// Bytes in which a header of three columns ends, if the file has such a one.
const HEADER_BYTES: u64 = 16 << 10;

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Entry(PathBuf, usize),
    /// Rows of a file in a reject file, and the file's header.
    Rejected {
        path: PathBuf,
        file: String,
        header: String,
    },
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Entry(path, _) | Self::Rejected { path, .. } => path,
        }
    }
}

/// A file of a known object.
#[derive(Debug, Clone)]
pub struct Source {
    /// How reports name it: its path, and the entry in a zip.
    pub name: String,
    /// What it holds.
    pub object: &'static Object,
    /// Its length, unpacked.
    pub bytes: u64,
    place: Place,
}

impl Source {
    /// Hands the bytes of the file to `act`.
    ///
    /// # Errors
    /// The file cannot be opened, or what `act` says.
    pub fn read<T>(&self, act: impl FnOnce(&mut dyn Read) -> Result<T, IntakeError>) -> Result<T, IntakeError> {
        match &self.place {
            Place::File(path) => act(&mut File::open(path).map_err(|error| IntakeError::file(&self.name, error))?),
            Place::Rejected { path, file, header } => act(&mut rejects::Rows::open(path, file, header)?),
            Place::Entry(zip, index) => {
                let mut archive = open_zip(zip)?;
                let entry = archive.by_index(*index).map_err(|error| bad_zip(&self.name, &error.to_string()))?;
                // An entry may hold more than its header says: no byte beyond that is unpacked.
                act(&mut entry.take(self.bytes))
            }
        }
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Files of known objects in order of name, then the corrected rows of reject files.
    pub sources: Vec<Source>,
    /// Names of files that are no known object.
    pub skipped: Vec<String>,
    /// Names the same input again: from paths, lengths and times of change, and `salt`.
    pub fingerprint: String,
}

impl Found {
    /// Where rows that are set aside can go: to `wanted`, unless that is one of `paths` or another file that is read, which may
    /// hold corrections that stand nowhere else; then beside it, to `*.left.csv`.
    pub fn place_for_rejects(&self, paths: &[PathBuf], wanted: &Path) -> PathBuf {
        let full = |path: &Path| path.canonicalize().ok();
        let read: BTreeSet<PathBuf> = self
            .sources
            .iter()
            .map(|source| source.place.path())
            .chain(paths.iter().map(PathBuf::as_path))
            .filter_map(full)
            .collect();
        let mut place = wanted.to_owned();
        while full(&place).is_some_and(|place| read.contains(&place)) {
            place.set_extension("left.csv");
        }
        place
    }
}

/// Finds the files under `paths`.
///
/// # Errors
/// A path is missing, a zip is unsafe, or nothing is known.
pub fn discover(paths: &[PathBuf], salt: &str) -> Result<Found, IntakeError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            folder(path, &mut files)?;
        } else if path.is_file() {
            files.push(path.clone());
        } else {
            return Err(IntakeError::Missing(path.clone()));
        }
    }
    files.sort();
    files.dedup();
    let mut found = Found { sources: Vec::new(), skipped: Vec::new(), fingerprint: String::new() };
    let mut corrected = Vec::new();
    let mut hash = Sha256::new();
    hash.update(salt);
    for path in files {
        let name = path.display().to_string();
        let facts = std::fs::metadata(&path).map_err(|error| IntakeError::file(&name, error))?;
        let changed = facts.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
        let full = path.canonicalize().map_err(|error| IntakeError::file(&name, error))?;
        hash.update(format!("{}\0{}\0{}\0", full.display(), facts.len(), changed.as_nanos()));
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
            zip_entries(&path, &mut found)?;
        } else if let Some(object) = named(&name).or_else(|| headed(&name, File::open(&path))) {
            found.sources.push(Source { name, object, bytes: facts.len(), place: Place::File(path) });
        } else if !(paths.contains(&path) && rejected(&path, &mut corrected)?) {
            found.skipped.push(name);
        }
    }
    if let Some(part) = corrected.iter().find(|source| lacks_export(source.object, &found.sources)) {
        let (object, name) = (part.object.name, part.place.path().display());
        let reason = format!("corrected rows of {object} need the export beside them: pipewright import EXPORT {name}");
        return Err(IntakeError::BadFile { file: part.name.clone(), reason });
    }
    // What was corrected counts, wherever else the row stands.
    found.sources.append(&mut corrected);
    if found.sources.is_empty() {
        return Err(IntakeError::NothingKnown);
    }
    found.fingerprint = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(found)
}

/// Whether corrected rows of this object are parts of opportunities without the rest of them: alone they would be lost, or
/// stand for all that an opportunity has.
fn lacks_export(object: &Object, export: &[Source]) -> bool {
    let holds = |name: &str| export.iter().any(|source| source.object.name == name);
    PARTS.contains(&object.name) && !(holds(object.name) && holds("Opportunity"))
}

/// Takes the rows of a reject file; false where it is none. Only one that is named is read: one that lies in a folder may be
/// what an import of that folder set aside.
fn rejected(path: &Path, sources: &mut Vec<Source>) -> Result<bool, IntakeError> {
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return Ok(false);
    }
    let Some(parts) = rejects::parts(path)? else { return Ok(false) };
    for rejects::Part { file, object, header, bytes } in parts {
        let name = format!("{}:{file}", path.display());
        sources.push(Source { name, object, bytes, place: Place::Rejected { path: path.to_owned(), file, header } });
    }
    Ok(true)
}

fn folder(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), IntakeError> {
    let failed = |error: io::Error| IntakeError::file(path.display().to_string(), error);
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            folder(&entry.path(), files)?;
        } else if entry.path().is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// The object that a CSV file's first line tells of. One that cannot be read tells nothing: it is skipped and reported.
fn headed(name: &str, input: io::Result<impl Read>) -> Option<&'static Object> {
    stem(name)?;
    let mut start = Vec::new();
    input.ok()?.take(HEADER_BYTES).read_to_end(&mut start).ok()?;
    by_header(String::from_utf8_lossy(&start).lines().next()?)
}

fn bad_zip(file: &str, reason: &str) -> IntakeError {
    IntakeError::BadZip { file: file.to_owned(), reason: reason.to_owned() }
}

fn open_zip(path: &Path) -> Result<ZipArchive<File>, IntakeError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| IntakeError::file(&name, error))?;
    ZipArchive::new(file).map_err(|error| bad_zip(&name, &error.to_string()))
}

fn zip_entries(path: &Path, found: &mut Found) -> Result<(), IntakeError> {
    let mut archive = open_zip(path)?;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| bad_zip(&path.display().to_string(), &error.to_string()))?;
        let inner = entry.name().map(|name| name.to_string()).unwrap_or_default();
        let name = format!("{}:{inner}", path.display());
        if entry.enclosed_name().is_none() || inner.split(['/', '\\']).any(|part| part == "..") {
            return Err(bad_zip(&name, "the entry's name leads out of the zip"));
        }
        if entry.encrypted() {
            return Err(bad_zip(&name, "the entry is encrypted: unpack it first"));
        }
        if inner.to_ascii_lowercase().ends_with(".zip") {
            return Err(bad_zip(&name, "a zip inside a zip: unpack the outer one first"));
        }
        if entry.size() > entry.compressed_size().max(1).saturating_mul(RATIO) {
            return Err(bad_zip(&name, "the entry unpacks to more than 250 times its size"));
        }
        if entry.is_dir() {
            continue;
        }
        let bytes = entry.size();
        drop(entry);
        let object = match named(&inner) {
            None if stem(&inner).is_some() => headed(&inner, archive.by_index(index).map_err(io::Error::other)),
            object => object,
        };
        match object {
            Some(object) => {
                found.sources.push(Source { name, object, bytes, place: Place::Entry(path.to_owned(), index) });
            }
            None => found.skipped.push(name),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn zipped(entries: &[(&str, &[u8])]) -> (tempfile::TempDir, Result<Found, IntakeError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("WE_00D_1.ZIP");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
        let found = discover(&[path], "");
        (folder, found)
    }

    #[test]
    fn a_zip_is_read_as_it_is_and_an_unsafe_one_is_refused_with_the_entrys_name() {
        let (_folder, found) = zipped(&[("Account.csv", b"Id\n1\n"), ("notes.txt", b"x")]);
        let found = found.unwrap();
        assert_eq!((found.sources.len(), found.skipped.len()), (1, 1));
        let mut text = String::new();
        found.sources[0].read(|input| input.read_to_string(&mut text).map_err(|error| IntakeError::file("", error))).unwrap();
        assert_eq!(text, "Id\n1\n");

        let bomb = vec![b'a'; 4 << 20];
        let cases: [(&str, &[u8]); 3] = [("../Account.csv", b"Id\n"), ("inner.zip", b"PK"), ("Account.csv", &bomb)];
        for (name, bytes) in cases {
            let (_folder, found) = zipped(&[(name, bytes)]);
            let error = found.unwrap_err();
            assert!(matches!(&error, IntakeError::BadZip { file, .. } if file.ends_with(name)), "{name}: {error}");
        }
    }
}
