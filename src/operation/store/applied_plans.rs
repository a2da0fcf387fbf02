//! Which run applied a saved plan, when, by whom, and how it ended.

use serde::{Deserialize, Serialize};

use super::saved_plans::{ANEW, SavedPlan};
use crate::error::Result;
use crate::lock::Holder;
use crate::report::Status;
use crate::workdir::{read_json, write_json};

/// `NAME.applied.json` beside the plan. Plans that an earlier version applied have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppliedPlan {
    /// The run that applied it, since when, and by whom.
    pub by: Holder,
    /// How the apply ended. None: it began, and its end was not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl AppliedPlan {
    pub fn ended_well(&self) -> bool {
        self.status.as_deref().is_some_and(|status| Status::from_word(status).ended_well())
    }

    /// `run 01JD3K, at 2026-11-27T00:40:43Z, by root on HOST`
    pub fn run(&self) -> String {
        let Holder { run_id, since, user, host, .. } = &self.by;
        let user = if user.is_empty() { "an unknown user" } else { user };
        format!("run {run_id}, at {since}, by {user} on {host}")
    }

    /// One sentence for people.
    pub fn sentence(&self) -> String {
        match self.status.as_deref() {
            Some(_) if self.ended_well() => format!("It was already applied by {}", self.run()),
            Some(status) => format!("It was used by {}, which ended as {status}", self.run()),
            None => format!("An apply of it was begun by {}", self.run()),
        }
    }
}

impl SavedPlan<'_> {
    /// Notes who applies it, before the apply begins and again at its end.
    pub fn note_apply(&self, by: &Holder, status: Option<Status>) -> Result<()> {
        let status = status.map(|status| status.word().to_owned());
        write_json(&self.path("applied.json"), &AppliedPlan { by: by.clone(), status })
    }

    /// The last apply of it, if there was one.
    pub fn applied(&self) -> Result<Option<AppliedPlan>> {
        read_json(&self.path("applied.json"), ANEW)
    }
}
