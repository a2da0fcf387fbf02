//! The files and ext_pillars of all values, asked for at once.

use std::collections::BTreeMap;

use crate::host::PillarOrigin;
use crate::model::{PillarPath, Setter};
use crate::operation::request::call::Call;
use crate::words::{Words, words};

/// From each path of the pillar to its sources. Empty if the sources are not known.
pub(super) struct Origins(BTreeMap<PillarPath, PillarOrigin>);

/// If the host does not know the sources, a note says why.
pub(super) fn of<'a>(
    call: &Call<'_>,
    setters: impl Iterator<Item = &'a Setter>,
    notes: &mut Vec<Words>,
) -> Origins {
    let mut paths: Vec<&PillarPath> = setters.filter_map(in_pillar).collect();
    paths.sort();
    paths.dedup();
    if paths.is_empty() {
        return Origins(BTreeMap::new());
    }
    let parts: Vec<Vec<String>> = paths.iter().map(|path| path.parts().to_vec()).collect();
    match call.host.origins(&parts) {
        Ok(found) => Origins(paths.into_iter().cloned().zip(found).collect()),
        Err(reason) => {
            notes.push(words!["the files are not known: ", reason]);
            Origins(BTreeMap::new())
        }
    }
}

impl Origins {
    pub fn of(&self, setter: &Setter) -> Option<&PillarOrigin> {
        self.0.get(in_pillar(setter)?)
    }
}

fn in_pillar(setter: &Setter) -> Option<&PillarPath> {
    setter.path.as_ref().filter(|path| !path.is_argument())
}
