//! The values that a call gave for a run that changes things. A run that resumes it needs them again.
//!
//! They may contain secrets, so they are sealed with a key that is made from the environment's key. The file is in the
//! folder of the run. It is removed when the work of the run is complete.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::given_values::{GivenValues, SealedFile};
use super::keyed_digest::DigestKey;
use super::run_log;
use crate::error::Result;
use crate::journal::CallValues;
use crate::model::{Interface, Name, Overrides};
use crate::workdir::{Layout, read_json, remove, write_json};

const REMEDY: &str = "make the call again, with its values";

/// The values of each component.
#[derive(Default)]
pub struct RunValues {
    components: BTreeMap<Name, GivenValues>,
    /// One of them belongs to an ephemeral variable: Terraform stores it nowhere, and neither does Eos.
    has_ephemeral: bool,
}

impl RunValues {
    pub fn of<'a>(
        given: &Overrides,
        components: impl Iterator<Item = (&'a Name, Option<&'a Interface>)>,
    ) -> Self {
        let mut values = Self::default();
        for (name, interface) in components {
            let all = GivenValues::all(given, name);
            values.has_ephemeral |=
                interface.is_some_and(|interface| GivenValues::of(given, name, interface) != all);
            if !all.is_none() {
                values.components.insert(name.clone(), all);
            }
        }
        values
    }

    pub fn kind(&self) -> CallValues {
        match self {
            Self { has_ephemeral: true, .. } => CallValues::NotStored,
            Self { components, .. } if components.is_empty() => CallValues::None,
            _ => CallValues::Sealed,
        }
    }

    /// Stores the values in the folder of the run, which exists.
    pub fn store(&self, layout: &Layout, run_id: &str) -> Result<()> {
        match self.kind() {
            CallValues::None | CallValues::NotStored => Ok(()),
            CallValues::Sealed => {
                let sealed = SealedFile::seal(&key(layout, run_id)?, &self.components)?;
                write_json(&file(layout, run_id), &sealed)
            }
        }
    }
}

/// The values of this call, and below them those of the run. None if the file is gone, or if its key has changed.
pub fn with_values(layout: &Layout, run_id: &str, call: Overrides) -> Result<Option<Overrides>> {
    let Some(sealed) = read_json::<SealedFile>(&file(layout, run_id), REMEDY)? else { return Ok(None) };
    let components = sealed.open::<BTreeMap<Name, GivenValues>>(&key(layout, run_id)?);
    Ok(components.map(|all| all.into_iter().fold(call, |call, (name, given)| given.below(call, &name))))
}

/// Removes the values of a run whose work is complete, and of the runs that it resumed.
pub fn forget(layout: &Layout, environment: &Name, run_id: &str) {
    let mut next = Some(run_id.to_owned());
    while let Some(run_id) = next {
        // Left behind, it is only removed later, together with the folder of the run.
        let _ = remove(&file(layout, &run_id));
        let run = run_log::one(layout, environment, &run_id).ok().flatten();
        next = run.and_then(|run| run.history.began.resumes.filter(|before| *before < run_id));
    }
}

fn file(layout: &Layout, run_id: &str) -> PathBuf {
    layout.run(run_id).join("given.json")
}

fn key(layout: &Layout, run_id: &str) -> Result<[u8; 32]> {
    Ok(DigestKey::of(layout)?.bytes(format!("values of run {run_id}").as_bytes()))
}
