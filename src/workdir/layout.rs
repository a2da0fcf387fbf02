//! Where everything lies. Environments and components cannot begin with a dot, so `.eos` is ours.

use std::path::{Path, PathBuf};

use crate::disk::{Trust, give_all};
use crate::error::Result;
use crate::model::{Blueprint, Name};

/// Terraform's own folder in a workdir. It holds links to a plugin cache.
const DATA: &str = ".terraform";

/// Terraform's HOME, in the control folder.
const HOME: &str = "home";

/// Below the root, where `salt/terraform/providers.sls` makes it.
const PLUGIN_CACHE: &str = ".plugin-cache";

/// One environment's folders: `{root}/{environment}`. No other user can write them.
#[derive(Clone, Debug)]
pub struct Layout {
    pub folder: PathBuf,
    trust: Trust,
}

impl Layout {
    /// Refuses folders that others own or may write. Those of one component are looked at by `place`.
    pub fn new(root: &Path, environment: &Name) -> Result<Self> {
        let layout = Self { folder: root.join(environment), trust: Trust::of(root)? };
        let cache = root.join(PLUGIN_CACHE);
        for folder in [cache, layout.folder.clone(), layout.control(), layout.components()] {
            layout.trust.check(&folder)?;
        }
        for folder in [layout.runs(), layout.plans()] {
            layout.trust.check(&folder)?;
            layout.trust.check_entries(&folder)?;
        }
        Ok(layout)
    }

    pub fn of(blueprint: &Blueprint) -> Result<Self> {
        Self::new(&blueprint.settings.root, &blueprint.environment)
    }

    /// What root made here is given to the owner of the root, also what a killed run left.
    pub fn give_all(&self) {
        give_all(&self.folder);
        give_all(&self.folder.with_file_name(PLUGIN_CACHE));
    }

    /// What must outlive a workdir: locks, records, runs, kept plans.
    pub fn control(&self) -> PathBuf {
        self.folder.join(".eos")
    }

    pub fn audit(&self) -> PathBuf {
        self.control().join("audit.jsonl")
    }

    pub fn runs(&self) -> PathBuf {
        self.control().join("runs")
    }

    pub fn run(&self, run_id: &str) -> PathBuf {
        self.runs().join(run_id)
    }

    /// There once everybody could read what the run found.
    pub fn report(&self, run_id: &str) -> PathBuf {
        self.run(run_id).join("report.json")
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

    /// The same of what a terraform of this run wrote.
    pub fn give_terraforms(&self, place: &Place, run_id: &str) {
        let run = [self.run(run_id), self.plan(run_id)];
        let cache = self.folder.with_file_name(PLUGIN_CACHE);
        for folder in [&place.workdir, &place.control, &cache].into_iter().chain(&run) {
            give_all(folder);
        }
    }

    /// Refuses a component's folders that others own or may write.
    pub fn place(&self, component: &Name) -> Result<Place> {
        let workdir = self.folder.join(component);
        let place = Place {
            control: self.components().join(component),
            laid_out: workdir.clone(),
            data: workdir.join(DATA),
            workdir,
            trust: self.trust.clone(),
        };
        for folder in [place.control.clone(), place.workdir.clone(), place.module(), place.snapshots()] {
            place.trust.check(&folder)?;
        }
        Ok(place)
    }
}

/// One component's paths.
#[derive(Clone, Debug)]
pub struct Place {
    pub workdir: PathBuf,
    control: PathBuf,
    /// Where the module and its variables lie: the workdir, but for what is only looked at.
    laid_out: PathBuf,
    data: PathBuf,
    trust: Trust,
}

impl Place {
    /// The same component with a module laid out beside the workdir: what is looked at there changes nothing here.
    /// What init left in the workdir serves it too.
    pub fn aside(&self) -> Self {
        Self { laid_out: self.control.join("look"), ..self.clone() }
    }

    /// The same with a TF_DATA_DIR of its own.
    pub fn initialised_apart(&self) -> Self {
        Self { data: self.laid_out.join(DATA), ..self.clone() }
    }

    /// Refuses any folder of the component that others own or may write. `Layout::place` looks at the topmost only.
    pub fn check(&self) -> Result<()> {
        self.trust.check_below(&self.workdir, &[DATA])?;
        self.trust.check_below(&self.control, &[DATA, HOME])
    }

    pub fn is_aside(&self) -> bool {
        self.laid_out != self.workdir
    }

    /// The folder that holds the module and its variables.
    pub fn laid_out(&self) -> &Path {
        &self.laid_out
    }

    pub fn module(&self) -> PathBuf {
        self.laid_out.join("module")
    }

    /// Terraform's state, where no other backend is set.
    pub fn state(&self) -> PathBuf {
        self.workdir.join("terraform.tfstate")
    }

    /// What stood there before the last apply; Terraform writes it.
    pub fn state_backup(&self) -> PathBuf {
        self.workdir.join("terraform.tfstate.backup")
    }

    /// Who holds Terraform's lock on the local state; Terraform writes it, and leaves it when it is killed.
    pub fn lock_info(&self) -> PathBuf {
        self.workdir.join(".terraform.tfstate.lock.info")
    }

    pub fn variables(&self) -> PathBuf {
        self.laid_out.join("terraform.tfvars.json")
    }

    /// TF_DATA_DIR.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
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
        self.control.join(HOME)
    }

    pub fn lock(&self) -> PathBuf {
        self.control.join("lock")
    }

    pub fn record(&self) -> PathBuf {
        self.control.join("record.json")
    }

    /// What `ensure_infrastructure` last left as it was wanted.
    pub fn ensured(&self) -> PathBuf {
        self.control.join("ensured.json")
    }

    /// Under which ids resources were imported.
    pub fn imported(&self) -> PathBuf {
        self.control.join("imported.json")
    }

    /// There while an apply is under way, and after one that nobody saw the end of.
    pub fn applying(&self) -> PathBuf {
        self.control.join("applying.json")
    }

    /// There from when possible orphans were found until a report of them is written.
    pub fn untold(&self) -> PathBuf {
        self.control.join("untold.json")
    }

    /// There while terraform may hold a remote backend's lock, and after it was killed with it.
    pub fn locking(&self) -> PathBuf {
        self.control.join("locking.json")
    }

    /// Copies of the local state as an apply goes on, written in turn.
    pub fn copies(&self) -> [PathBuf; 2] {
        ["copy-0.tfstate", "copy-1.tfstate"].map(|name| self.control.join(name))
    }

    /// States that were found after a crash, and those that they took the place of.
    pub fn recovered(&self) -> PathBuf {
        self.control.join("recovered")
    }

    /// States and configurations from before each apply.
    pub fn snapshots(&self) -> PathBuf {
        self.control.join("snapshots")
    }

    /// What scheduled checks found, until nothing is found any more.
    pub fn drift(&self) -> PathBuf {
        self.control.join("drift.json")
    }

    /// Outputs as of the last scheduled check, without those that are secrets.
    pub fn outputs(&self) -> PathBuf {
        self.control.join("outputs.json")
    }

    pub fn manifest(&self) -> PathBuf {
        self.control.join("manifest.json")
    }

    /// A link to terraform's stdin, a pipe that terraform empties: secrets are never in a file.
    pub fn secrets(&self) -> PathBuf {
        self.control.join("secrets.tfvars.json")
    }
}
