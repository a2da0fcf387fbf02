//! Runs terraform in one component's workdir: its folder, its environment, its lock, its secrets.

pub mod command_output;
mod commands;
pub mod context;
mod failure;
pub mod init;
pub mod manual_commands;
mod nomad_env;
pub mod saved_plan_file;
pub mod servers;
pub mod state;
mod warnings;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::Value;

use self::context::Context;
use crate::error::{Error, Result};
use crate::operation::session::secrets::is_late;
use crate::process::Cancel;
use crate::render;
use crate::report::Warnings;
use crate::terraform;
use crate::words::Words;
use crate::workdir::{ensure_private, remove};

/// Terraform's own stdin: neither its providers nor its provisioners inherit another descriptor than their streams.
const STDIN: &str = "/proc/self/fd/0";

pub(super) struct Invoker<'a> {
    pub context: Context<'a>,
    pub(super) cwd: PathBuf,
    pub(super) logs: PathBuf,
    /// Declared variables of terraform's environment, references that were read, and the credentials of providers.
    pub(super) variables: BTreeMap<String, SecretString>,
    /// For this component's terraform. A lost lock stops no other.
    pub(super) cancel: Cancel,
    /// The text of secret variables, for a plan.
    pub(super) secrets: Option<SecretString>,
    /// The text of ephemeral variables, for an apply.
    pub(super) ephemeral: Option<SecretString>,
    /// The result of an apply is being saved: a request to stop has to wait.
    pub(super) saving: Cell<bool>,
    /// The last command was started.
    pub(super) has_started: Cell<bool>,
    /// The sources of the module's children contain variables.
    pub(super) computes_sources: Cell<bool>,
    /// Why terraform was asked to stop, if the cause was neither a person nor a timeout.
    pub ends_for: RefCell<String>,
    /// What terraform has warned about so far.
    pub(super) warnings: RefCell<Warnings>,
    /// For what terraform had to wait before it was started.
    pub waits: RefCell<Vec<Words>>,
}

impl<'a> Invoker<'a> {
    /// A question takes no lock and makes no plan: it reads no credentials of providers.
    pub async fn new(context: Context<'a>, subdir: &str) -> Result<Self> {
        let Context { session, component, paths, .. } = context;
        let logs = match paths.is_for_drift_check() {
            // Frequent drift checks must not displace the logs of runs that changed resources.
            true => paths.laid_out().join("logs"),
            false => session.call.layout.run(&session.call.run_id).join(&component.name),
        };
        let reader = &context.reader;
        let env = session.blueprint.settings.terraform.env.iter();
        let late = reader.read_all(env.filter(|(_, reference)| is_late(reference))).await?;
        let nomad = nomad_env::nomad(&session.blueprint, component, reader).await?;
        let credentials = match context.lock {
            Some(_) => {
                let module = session.modules.get(&component.name);
                let uses = |provider: &str| module.is_some_and(|one| one.interface.uses(provider));
                reader.credentials(component, uses).await?
            }
            None => BTreeMap::new(),
        };
        let token = nomad.iter().filter(|(name, _)| *name == nomad_env::TOKEN);
        for (name, value) in late.iter().chain(token).chain(&credentials) {
            context.hide_variable(name, value);
        }
        let module = session.modules.get(&component.name);
        let computes_sources = module.is_some_and(|module| module.interface.has_computed_sources);
        let mut variables = session.call.environment.clone();
        variables.extend(late.into_iter().chain(nomad).chain(credentials));
        let invoker = Self {
            cwd: paths.module().join(subdir),
            logs,
            variables,
            cancel: Cancel::new(),
            secrets: None,
            ephemeral: None,
            saving: Cell::new(false),
            has_started: Cell::new(false),
            computes_sources: Cell::new(computes_sources),
            ends_for: RefCell::default(),
            warnings: RefCell::default(),
            waits: RefCell::default(),
            context,
        };
        if invoker.context.lock.is_some() {
            paths.close();
            // A run that was killed did not do this.
            invoker.narrow(true);
        }
        Ok(invoker)
    }

    /// Takes the rights of other users from the files that terraform wrote with the caller's umask.
    /// `init`: also from those that only an init writes.
    pub(super) fn narrow(&self, init: bool) {
        let plans = self.context.session.call.saved_plans();
        let plan = plans.of(&self.context.component.name).place();
        self.context.paths.narrow_terraforms(&self.cwd, &self.logs, &plan);
        if init {
            self.context.paths.narrow_data();
        }
    }

    /// Makes the folders that terraform needs. Without terraform, a question writes nothing: the disk may be read-only.
    pub(super) fn make_folders(&self) -> Result<()> {
        ensure_private(&self.logs)?;
        ensure_private(&self.context.paths.home())
    }

    /// Forgets earlier commands: see [`Self::has_started`].
    pub fn expect_start(&self) {
        self.has_started.set(false);
    }

    /// Whether the last command was started. If not, it has done nothing.
    pub fn has_started(&self) -> bool {
        self.has_started.get()
    }

    /// Secret variables go through a pipe that terraform empties, under a name that Terraform takes for a JSON file.
    /// `ephemeral`: the names of those that an apply needs again.
    pub fn pass_secret_variables(
        &mut self,
        secrets: &BTreeMap<String, Value>,
        ephemeral: &BTreeSet<String>,
    ) -> Result<()> {
        for (name, value) in secrets {
            self.context.hide(&format!("variable {name}"), value);
        }
        if secrets.is_empty() {
            return Ok(());
        }
        let refuse =
            |error: std::io::Error| Error::file(&self.context.paths.secrets(), "pass secrets through", error);
        let link = self.context.paths.secrets();
        // An older version's link points elsewhere.
        if fs::read_link(&link).ok().as_deref() != Some(Path::new(STDIN)) {
            remove(&link)?;
            std::os::unix::fs::symlink(STDIN, &link).map_err(refuse)?;
        }
        let text = |values: BTreeMap<_, _>| SecretString::from(render::tfvars(&values));
        let all = secrets.iter().map(|(name, value)| (name.as_str(), value));
        let takes_null = self.context.session.call.tool.takes_null_again();
        let is_set = |value: &Value| takes_null || !value.is_null();
        let again = all.clone().filter(|(name, value)| ephemeral.contains(*name) && is_set(value));
        self.ephemeral = (again.clone().count() > 0).then(|| text(again.collect()));
        self.secrets = Some(text(all.collect()));
        Ok(())
    }

    /// Only for a terraform that reads them: its children could read a pipe that another command does not empty.
    pub(super) fn secrets_for(&self, step: &str, arguments: &[OsString]) -> Option<&SecretString> {
        let file = terraform::variable_file(&self.context.paths.secrets());
        let text = if step == "apply" { &self.ephemeral } else { &self.secrets };
        text.as_ref().filter(|_| arguments.contains(&file))
    }

    /// The file that an apply reads the values of ephemeral variables from.
    pub fn ephemeral_file(&self) -> Option<PathBuf> {
        self.ephemeral.as_ref().map(|_| self.context.paths.secrets())
    }

    /// The files that a plan reads its variables from.
    pub fn variable_files(&self) -> Vec<PathBuf> {
        let secrets = self.secrets.as_ref().map(|_| self.context.paths.secrets());
        std::iter::once(self.context.paths.variables()).chain(secrets).collect()
    }

    /// Only for sources that contain variables: other modules need no values.
    pub(super) fn with_sources(&self, step: &str, arguments: Vec<OsString>) -> Vec<OsString> {
        match self.computes_sources.get() {
            true => {
                let tool = &self.context.session.call.tool;
                terraform::with_sources(tool, step, arguments, &self.context.paths.variables())
            }
            false => arguments,
        }
    }

    /// An environment variable of terraform, if it is set.
    pub fn variable(&self, name: &str) -> Option<SecretString> {
        let value = self.environment().remove(OsStr::new(name))?.into_string().ok()?;
        (!value.is_empty()).then(|| value.into())
    }

    /// The module's folder, in which terraform runs.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// From here on only the result of an apply is saved, and a request to stop would lose it.
    pub fn begin_saving(&self) {
        self.saving.set(true);
    }

    /// The file of this run's plan until it is applied.
    pub fn plan_file(&self) -> PathBuf {
        self.logs.join("tfplan")
    }
}
