//! The plans that were saved together, under one plan_id.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::model::Name;
use crate::workdir::{Layout, ensure_lasting};

/// The list of the plans that were made together. Each component has its own files beside it.
pub(super) const CONTENTS: &str = "plan.json";

/// The remedy for a saved plan that cannot be used.
pub(super) const ANEW: &str = "make a new plan";

/// A folder whose name is the plan_id.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPlans {
    folder: PathBuf,
}

impl SavedPlans {
    pub fn new(layout: &Layout, plan_id: &str) -> Self {
        Self::at(layout.plan(plan_id))
    }

    /// Those of a branch.
    pub fn of_branch(layout: &Layout, plan_id: &str) -> Self {
        Self::at(layout.branch_plan(plan_id))
    }

    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn plan_id(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub fn of<'a>(&'a self, component: &'a Name) -> SavedPlan<'a> {
        SavedPlan { plans: self, component }
    }

    /// Whether a plan was saved here.
    pub fn is_there(&self) -> bool {
        self.folder.exists()
    }

    /// Whether all plans were saved.
    pub fn is_whole(&self) -> bool {
        self.folder.join(CONTENTS).exists()
    }
}

/// The plan of one component under a plan_id: `NAME.tfplan`, `NAME.json` and, later, the files of `approvals`.
#[derive(Clone, Copy)]
pub struct SavedPlan<'a> {
    pub plans: &'a SavedPlans,
    pub component: &'a Name,
}

impl SavedPlan<'_> {
    pub fn plan_id(&self) -> String {
        self.plans.plan_id()
    }

    /// Whether it was saved.
    pub fn is_there(&self) -> bool {
        self.path("json").exists()
    }

    /// The plan file, in a folder that exists.
    pub fn file(&self) -> Result<PathBuf> {
        ensure_lasting(self.plans.folder())?;
        Ok(self.place())
    }

    /// The same, but its folder may be missing.
    pub fn place(&self) -> PathBuf {
        self.path("tfplan")
    }

    pub(super) fn path(&self, end: &str) -> PathBuf {
        self.plans.folder().join(format!("{}.{end}", self.component))
    }
}
