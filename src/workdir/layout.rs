//! Where everything lies. Environments and components cannot begin with a dot, so `.eos` is ours.

use std::path::{Path, PathBuf};

use crate::model::{Blueprint, Name};

/// One environment's folders: `{root}/{environment}`.
#[derive(Clone, Debug)]
pub struct Layout {
    pub folder: PathBuf,
}

impl Layout {
    pub fn new(root: &Path, environment: &Name) -> Self {
        Self { folder: root.join(environment) }
    }

    pub fn of(blueprint: &Blueprint) -> Self {
        Self::new(&blueprint.settings.root, &blueprint.environment)
    }

    /// What must outlive a workdir: locks, records, runs, kept plans.
    pub fn control(&self) -> PathBuf {
        self.folder.join(".eos")
    }

    pub fn runs(&self) -> PathBuf {
        self.control().join("runs")
    }

    pub fn run(&self, run_id: &str) -> PathBuf {
        self.runs().join(run_id)
    }

    pub fn plans(&self) -> PathBuf {
        self.control().join("plans")
    }

    pub fn plan(&self, plan_id: &str) -> PathBuf {
        self.plans().join(plan_id)
    }

    pub fn components(&self) -> PathBuf {
        self.control().join("components")
    }

    pub fn place(&self, component: &Name) -> Place {
        Place { workdir: self.folder.join(component), control: self.components().join(component) }
    }
}

/// One component's paths.
#[derive(Clone, Debug)]
pub struct Place {
    pub workdir: PathBuf,
    control: PathBuf,
}

impl Place {
    pub fn module(&self) -> PathBuf {
        self.workdir.join("module")
    }

    /// Terraform's state, where no other backend is set.
    pub fn state(&self) -> PathBuf {
        self.workdir.join("terraform.tfstate")
    }

    pub fn variables(&self) -> PathBuf {
        self.workdir.join("terraform.tfvars.json")
    }

    /// TF_DATA_DIR.
    pub fn data(&self) -> PathBuf {
        self.workdir.join(".terraform")
    }

    /// What the last init was made for; it goes with the folder that init filled.
    pub fn initialised(&self) -> PathBuf {
        self.data().join("eos-init")
    }

    pub fn control(&self) -> &Path {
        &self.control
    }

    /// Terraform's HOME: a provider finds there what we put there.
    pub fn home(&self) -> PathBuf {
        self.control.join("home")
    }

    pub fn lock(&self) -> PathBuf {
        self.control.join("lock")
    }

    pub fn record(&self) -> PathBuf {
        self.control.join("record.json")
    }

    pub fn manifest(&self) -> PathBuf {
        self.control.join("manifest.json")
    }

    /// A link to a descriptor that only terraform's process has: secrets are never in a file.
    pub fn secrets(&self) -> PathBuf {
        self.control.join("secrets.tfvars.json")
    }
}
