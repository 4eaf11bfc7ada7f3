//! Reads vector files from a directory and checks what the format alone cannot say.

use crate::error::Error;
use crate::rules;
use crate::vector::{Area, Case, VectorFile};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A case with the area that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct LocatedCase {
    /// The area of its file.
    pub area: Area,
    /// The case.
    pub case: Case,
}

impl LocatedCase {
    /// `area/id`, unique among all vectors.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.area.name(), self.case.id)
    }
}

/// The vectors that come with this crate.
#[must_use]
pub fn own_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Reads every `AREA/*.json` below a directory, ordered by area and file name.
///
/// # Errors
/// A file that cannot be read, is not of the format, or breaks a promise of the format: a file lies
/// in the directory of its area, an id occurs once in an area, and rules exist.
pub fn load(directory: &Path) -> Result<Vec<LocatedCase>, Error> {
    let mut cases = Vec::new();
    for area in Area::ALL {
        let mut seen = BTreeSet::new();
        for path in json_files(&directory.join(area.name()))? {
            let name = path.display().to_string();
            let file = read(&path)?;
            let complain = |reason: String| Err(Error::Format { path: name.clone(), reason });
            if file.area != area {
                return complain(format!("it says area {}", file.area.name()));
            }
            for case in file.cases {
                if let Some(rule) =
                    case.rules.iter().find(|rule| !rules::ALL.contains(&rule.as_str()))
                {
                    return complain(format!("{} cites {rule}, which is no rule", case.id));
                }
                if !seen.insert(case.id.clone()) {
                    return complain(format!("the id {} occurs twice in this area", case.id));
                }
                cases.push(LocatedCase { area, case });
            }
        }
    }
    Ok(cases)
}

/// Reads one vector file.
///
/// # Errors
/// See [`load`].
pub fn read(path: &Path) -> Result<VectorFile, Error> {
    let name = || path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| Error::Unreadable { path: name(), reason: error.to_string() })?;
    serde_json::from_slice(&text)
        .map_err(|error| Error::Format { path: name(), reason: error.to_string() })
}

/// The files of an area, by name; none where the directory does not exist.
fn json_files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |error: std::io::Error| Error::Unreadable {
        path: directory.display().to_string(),
        reason: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
