//! The paths of everything below a root. Names of environments and components cannot begin with a dot, so `.eos`
//! belongs to Eos.

use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::io::Errno;

use crate::disk::{Trust, close, give_all, narrow_all, narrow_files};
use crate::error::{Error, Result};
use crate::model::{Blueprint, Name};

/// Terraform's own folder in a workdir. It holds links to a plugin cache.
const DATA: &str = ".terraform";

/// The name of terraform's HOME in the control folder.
const HOME: &str = "home";

/// The plugin cache below the root. `salt/terraform/providers.sls` makes it.
const PLUGIN_CACHE: &str = ".plugin-cache";

/// The folders of one environment: `{root}/{environment}`. No other user can write them.
#[derive(Clone, Debug)]
pub struct Layout {
    pub folder: PathBuf,
    trust: Trust,
}

impl Layout {
    /// Refuses folders that other users own or may write. `component` checks the folders of one component.
    pub fn new(root: &Path, environment: &Name) -> Result<Self> {
        let layout = Self { folder: root.join(environment), trust: Trust::of(root)? };
        let cache = root.join(PLUGIN_CACHE);
        for folder in [cache, layout.folder.clone(), layout.control(), layout.components()] {
            layout.trust.check(&folder)?;
        }
        for folder in [layout.runs(), layout.plans(), layout.branch_plans(), layout.described_jobs()] {
            layout.trust.check(&folder)?;
            layout.trust.check_entries(&folder)?;
        }
        Ok(layout)
    }

    pub fn of(blueprint: &Blueprint) -> Result<Self> {
        Self::new(&blueprint.settings.root, &blueprint.environment)
    }

    /// Refuses a read-only disk before anything starts. `doing`: what has to be written below this folder.
    pub fn refuse_read_only(&self, doing: &str) -> Result<()> {
        let existing = self.folder.ancestors().find_map(|folder| statvfs(folder).ok());
        match existing.is_some_and(|disk| disk.f_flag.contains(StatVfsMountFlags::RDONLY)) {
            true => Err(Error::file(&self.folder, doing, Errno::ROFS.into())),
            false => Ok(()),
        }
    }

    /// Gives files that root made here to the owner of the root, also those of a killed run.
    pub fn give_all(&self) {
        give_all(&self.folder);
        give_all(&self.folder.with_file_name(PLUGIN_CACHE));
    }

    /// The folder of everything that must outlive a workdir: locks, records, runs, saved plans.
    pub fn control(&self) -> PathBuf {
        self.folder.join(".eos")
    }

    pub fn audit(&self) -> PathBuf {
        self.control().join("audit.jsonl")
    }

    /// Exists once a drift check ran in this environment.
    pub fn drift_checked(&self) -> PathBuf {
        self.control().join("drift_checked")
    }

    /// Held while a scheduled drift check runs.
    pub fn drift_check_lock(&self) -> PathBuf {
        self.control().join("drift_check.lock")
    }

    pub fn runs(&self) -> PathBuf {
        self.control().join("runs")
    }

    pub fn run(&self, run_id: &str) -> PathBuf {
        self.runs().join(run_id)
    }

    /// Removes the folder of a call that is no run. Otherwise it would count as one of the runs that are kept.
    pub fn remove_run(&self, run_id: &str) {
        let _ = std::fs::remove_dir_all(self.run(run_id));
    }

    /// The report of a run. The file exists once the report is complete and stored.
    pub fn report(&self, run_id: &str) -> PathBuf {
        self.run(run_id).join("report.json")
    }

    /// Exists once others were told that this run was killed.
    pub fn died(&self, run_id: &str) -> PathBuf {
        self.run(run_id).join("died.json")
    }

    pub fn plans(&self) -> PathBuf {
        self.control().join("plans")
    }

    pub fn plan(&self, plan_id: &str) -> PathBuf {
        self.plans().join(plan_id)
    }

    /// Plans of branches. They are apart from the others, so nothing that applies a plan can find one.
    pub fn branch_plans(&self) -> PathBuf {
        self.control().join("branch-plans")
    }

    pub fn branch_plan(&self, plan_id: &str) -> PathBuf {
        self.branch_plans().join(plan_id)
    }

    /// Descriptions of jobs that people want in their pillar.
    pub fn described_jobs(&self) -> PathBuf {
        self.control().join("described_jobs")
    }

    pub fn components(&self) -> PathBuf {
        self.control().join("components")
    }

    /// Gives files that a terraform of this run wrote as root to the owner of the root.
    pub fn give_terraforms(&self, paths: &ComponentPaths, run_id: &str) {
        let run = [self.run(run_id), self.plan(run_id), self.branch_plan(run_id)];
        let cache = self.folder.with_file_name(PLUGIN_CACHE);
        for folder in [&paths.workdir, &paths.control, &cache].into_iter().chain(&run) {
            give_all(folder);
        }
    }

    /// Returns a component's paths. Refuses folders that other users own or may write.
    pub fn component(&self, component: &Name) -> Result<ComponentPaths> {
        let workdir = self.folder.join(component);
        let paths = ComponentPaths {
            control: self.components().join(component),
            laid_out: workdir.clone(),
            data: workdir.join(DATA),
            manifest: self.components().join(component).join("manifest.json"),
            states: workdir.clone(),
            workdir,
            trust: self.trust.clone(),
        };
        for folder in [paths.control.clone(), paths.workdir.clone(), paths.module(), paths.snapshots()] {
            paths.trust.check(&folder)?;
        }
        Ok(paths)
    }
}

/// Whether terraform itself makes a file with this name in the folder where it runs.
fn is_terraforms(name: &str) -> bool {
    name == ".terraform.lock.hcl"
        || name.ends_with(".tfstate")
        || name.contains(".tfstate.")
        || (name.starts_with("crash.") && name.ends_with(".log"))
}

/// One component's paths.
#[derive(Clone, Debug)]
pub struct ComponentPaths {
    pub workdir: PathBuf,
    control: PathBuf,
    /// The folder of the module and its variables. It is the workdir, except for a drift check.
    laid_out: PathBuf,
    data: PathBuf,
    manifest: PathBuf,
    /// The folder of the local state. It is the workdir, except for the plan of a branch.
    states: PathBuf,
    trust: Trust,
}

impl ComponentPaths {
    /// The same component with its module in a folder beside the workdir, so that a drift check does not change the
    /// workdir. It uses the init of the workdir.
    pub fn for_drift_check(&self) -> Self {
        Self { laid_out: self.control.join("look"), ..self.clone() }
    }

    /// The same component with a workdir for the plans of branches, so that they change neither the module nor the
    /// providers of the component's own workdir. The state is the component's.
    pub fn for_branch(&self) -> Self {
        let workdir = self.control.join("branch");
        Self {
            laid_out: workdir.clone(),
            data: workdir.join(DATA),
            manifest: self.control.join("branch.json"),
            workdir,
            ..self.clone()
        }
    }

    /// The provider lock file of the component's own workdir, whose module runs in this subfolder.
    pub fn lock_file_in_force(&self, subdir: &str) -> PathBuf {
        self.states.join("module").join(subdir).join(".terraform.lock.hcl")
    }

    /// The same component with its own TF_DATA_DIR.
    pub fn initialised_apart(&self) -> Self {
        Self { data: self.laid_out.join(DATA), ..self.clone() }
    }

    /// Refuses any folder of the component that other users own or may write. `Layout::component` checks only the topmost
    /// ones.
    pub fn check(&self) -> Result<()> {
        self.trust.check_below(&self.workdir, &[DATA])?;
        self.trust.check_below(&self.control, &[DATA, HOME])
    }

    /// Takes the rights of other users from terraform's own files. Terraform runs with the caller's umask, because what
    /// a module makes elsewhere may be for others. What a module makes here keeps its mode, and the closed folder
    /// guards it. `subdir`: where terraform runs. `logs`: its streams. `plan`: the file of a plan that is saved, which
    /// has the plans of other components beside it.
    pub fn narrow_terraforms(&self, subdir: &Path, logs: &Path, plan: &Path) {
        narrow_files(&self.workdir, |_| true);
        narrow_files(subdir, is_terraforms);
        narrow_files(logs, |_| true);
        if let (Some(folder), Some(name)) = (plan.parent(), plan.file_name()) {
            narrow_files(folder, |found| name == found);
        }
    }

    /// The same for the folders that an init fills.
    pub fn narrow_data(&self) {
        close(&self.data);
        narrow_all(&self.data);
        narrow_all(&self.home().join(".terraform.d"));
    }

    /// Closes the folders of the component to other users.
    pub fn close(&self) {
        close(&self.workdir);
        close(&self.control);
    }

    pub fn is_for_drift_check(&self) -> bool {
        self.laid_out != self.workdir
    }

    /// The folder of the module and its variables.
    pub fn laid_out(&self) -> &Path {
        &self.laid_out
    }

    pub fn module(&self) -> PathBuf {
        self.laid_out.join("module")
    }

    /// Terraform's state, if no other backend is set.
    pub fn state(&self) -> PathBuf {
        self.states.join("terraform.tfstate")
    }

    /// The state before the last apply. Terraform writes it.
    pub fn state_backup(&self) -> PathBuf {
        self.states.join("terraform.tfstate.backup")
    }

    /// The holder of Terraform's lock on the local state. Terraform writes it; if Terraform is killed, the file
    /// remains.
    pub fn lock_info(&self) -> PathBuf {
        self.states.join(".terraform.tfstate.lock.info")
    }

    pub fn variables(&self) -> PathBuf {
        self.laid_out.join("terraform.tfvars.json")
    }

    /// TF_DATA_DIR.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// The input of the last init. It is in the folder that init fills, so both are removed together.
    pub fn initialised(&self) -> PathBuf {
        self.data().join("eos-init")
    }

    pub fn control(&self) -> &Path {
        &self.control
    }

    /// Terraform's HOME, so that a provider does not find the files of the user that runs Salt.
    pub fn home(&self) -> PathBuf {
        self.control.join(HOME)
    }

    pub fn lock(&self) -> PathBuf {
        self.control.join("lock")
    }

    pub fn record(&self) -> PathBuf {
        self.control.join("record.json")
    }

    /// The last successful result of `ensure_infrastructure`.
    pub fn ensured(&self) -> PathBuf {
        self.control.join("ensured.json")
    }

    /// What a deleted service has left.
    pub fn left_data(&self) -> PathBuf {
        self.control.join("left_data.json")
    }

    /// The ids under which resources were imported.
    pub fn imported(&self) -> PathBuf {
        self.control.join("imported.json")
    }

    /// Exists while an apply runs, and after an apply whose end Eos did not see.
    pub fn applying(&self) -> PathBuf {
        self.control.join("applying.json")
    }

    /// Exists from the moment when possible orphans are found until a report names them.
    pub fn unreported_orphans(&self) -> PathBuf {
        self.control.join("unreported_orphans.json")
    }

    /// Exists while terraform may hold a remote backend's lock, and after terraform was killed while it held the lock.
    pub fn locking(&self) -> PathBuf {
        self.control.join("locking.json")
    }

    /// Copies of the local state during an apply, written alternately.
    pub fn copies(&self) -> [PathBuf; 2] {
        ["copy-0.tfstate", "copy-1.tfstate"].map(|name| self.control.join(name))
    }

    /// States that were found after a crash, and the states that they replaced.
    pub fn recovered(&self) -> PathBuf {
        self.control.join("recovered")
    }

    /// States and configurations from before each apply.
    pub fn snapshots(&self) -> PathBuf {
        self.control.join("snapshots")
    }

    /// The drift that scheduled checks found. It remains until a check finds none.
    pub fn drift(&self) -> PathBuf {
        self.control.join("drift.json")
    }

    /// Exists while scheduled drift checks cannot run.
    pub fn failed_check(&self) -> PathBuf {
        self.control.join("failed_check.json")
    }

    /// The values that are known and not in the state.
    pub fn baseline(&self) -> PathBuf {
        self.control.join("baseline.json")
    }

    /// The outputs at the last scheduled check, without secrets.
    pub fn outputs(&self) -> PathBuf {
        self.control.join("outputs.json")
    }

    pub fn manifest(&self) -> PathBuf {
        self.manifest.clone()
    }

    /// A link to terraform's stdin, a pipe that terraform empties. So secrets are never in a file.
    pub fn secrets(&self) -> PathBuf {
        self.control.join("secrets.tfvars.json")
    }
}
