//! Resources that a call leaves alone although everything else goes, in the report.

use serde::{Deserialize, Serialize};

use super::{ComponentReport, Notes};

/// A resource that a destroy or a rollback keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptResource {
    pub address: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub because: KeptBecause,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "because", content = "needed_by")]
pub enum KeptBecause {
    /// The component's `data` names it.
    Data,
    /// `policy:protect` names it.
    Protect,
    /// Its type holds data.
    Type,
    /// A resource that is kept depends on it.
    NeededBy(String),
}

impl ComponentReport {
    /// Lists what stays, and says why.
    pub fn keep(&mut self, kept: Vec<KeptResource>) {
        self.notes.extend(notes(&kept));
        self.kept = kept;
    }
}

/// Sentences for people: one for each reason.
fn notes(kept: &[KeptResource]) -> Notes {
    let mut notes = Notes::default();
    let mut say = |what: &'static str, of: fn(&KeptBecause) -> bool| {
        let addresses: Vec<_> =
            kept.iter().filter(|one| of(&one.because)).map(|one| one.address.as_str()).collect();
        if !addresses.is_empty() {
            notes.push(crate::words::words![what, ": ", addresses.join(", ")]);
        }
    };
    say("kept, because it holds data", |one| matches!(one, KeptBecause::Data | KeptBecause::Type));
    say("kept, because policy protects it", |one| *one == KeptBecause::Protect);
    say("kept, because those need it", |one| matches!(one, KeptBecause::NeededBy(_)));
    notes
}
