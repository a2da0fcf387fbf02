//! Runs terraform in one component's workdir: its folder, its environment, its lock, its secrets.

mod commands;
mod failure;
pub mod init;
pub mod manual_commands;
mod nomad_env;
pub mod outcome;
pub mod saved_plan_file;
pub mod servers;
pub mod state;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::change::Redactor;
use crate::error::{Error, Phase, Result};
use crate::lock::Guard;
use crate::model::Component;
use crate::operation::session::Session;
use crate::operation::session::secrets::{Reading, is_late};
use crate::process::Cancel;
use crate::render;
use crate::terraform;
use crate::words::Words;
use crate::workdir::{Place, ensure_private, remove};

/// Terraform's own stdin: neither its providers nor its provisioners get a descriptor besides their own streams.
const STDIN: &str = "/proc/self/fd/0";

pub(super) struct Invoker<'a> {
    pub session: &'a Session,
    pub component: &'a Component,
    pub place: &'a Place,
    pub redactor: Redactor,
    /// Secrets that cannot be taken out of texts, by what they are known by in the pillar.
    short: RefCell<BTreeSet<String>>,
    pub(super) cwd: PathBuf,
    pub(super) logs: PathBuf,
    pub lock: Option<&'a Guard>,
    /// What this turn reads.
    pub reading: Rc<Reading>,
    /// Declared variables of terraform's environment, references read, and by which its providers log in.
    pub(super) variables: BTreeMap<String, SecretString>,
    /// Of this component's terraform: a lock that is lost stops no other.
    pub(super) cancel: Cancel,
    /// The text of secret variables.
    pub(super) secrets: Option<SecretString>,
    /// What was done is being saved: a request to stop has to wait.
    pub(super) saving: Cell<bool>,
    /// A secret of its tasks is not known: what they say is not repeated.
    pub blind: bool,
    /// Why terraform was asked to stop, where that was neither a person nor a timeout.
    pub ends_for: RefCell<String>,
}

impl<'a> Invoker<'a> {
    /// `lock` stays held while terraform lives, whatever becomes of us.
    /// A question, which takes no lock, plans nothing: its providers do not log in.
    pub async fn new(
        session: &'a Session,
        component: &'a Component,
        place: &'a Place,
        subdir: &str,
        lock: Option<&'a Guard>,
        reading: Rc<Reading>,
    ) -> Result<Self> {
        let logs = match place.is_aside() {
            // A look that comes again every few minutes would drive out the logs of the runs that changed things.
            true => place.laid_out().join("logs"),
            false => session.layout.run(&session.run_id).join(&component.name),
        };
        place.check()?;
        ensure_private(&logs)?;
        ensure_private(&place.home())?;
        let mut variables = session.environment.clone();
        // A step of Salt's own starts no terraform.
        let env = session.blueprint.settings.terraform.env.iter().filter(|_| component.step.is_none());
        variables.extend(reading.read_all(env.filter(|(_, reference)| is_late(reference))).await?);
        variables.extend(nomad_env::nomad(session, component, &reading).await?);
        let is_secret = |name: &String| session.is_reference(name) || name == nomad_env::TOKEN;
        let mut secret: BTreeMap<String, Value> = variables
            .iter()
            .filter(|(name, _)| is_secret(name))
            .map(|(name, value)| (name.clone(), value.expose_secret().into()))
            .collect();
        if lock.is_some() {
            let module = session.modules.get(&component.name);
            let uses = |provider: &str| module.is_some_and(|one| one.interface.uses(provider));
            let credentials = reading.credentials(component, uses).await?;
            let values = credentials.iter();
            secret.extend(values.map(|(name, value)| (name.clone(), Value::from(value.expose_secret()))));
            variables.extend(credentials);
        }
        let invoker = Self {
            session,
            component,
            place,
            redactor: session.known.of_component(),
            short: RefCell::default(),
            cwd: place.module().join(subdir),
            logs,
            lock,
            reading,
            variables,
            cancel: Cancel::new(),
            secrets: None,
            saving: Cell::new(false),
            blind: false,
            ends_for: RefCell::default(),
        };
        for (name, value) in &secret {
            invoker.hide(&format!("environment variable {name}"), value);
        }
        Ok(invoker)
    }

    /// Takes a secret out of all texts; `what` it is stands in the note of one that is too short for that.
    pub fn hide(&self, what: &str, secret: &Value) {
        self.redactor.add([secret]);
        if Redactor::is_short(secret) {
            self.short.borrow_mut().insert(what.to_owned());
        }
    }

    /// A note of each secret that is too short.
    pub fn short_secrets(&self) -> Vec<Words> {
        let short = self.short.borrow();
        let note = |what: &String| {
            Words::own(format!(
                "{what} is a secret, or holds one, of fewer than 4 characters: it is not taken out of texts"
            ))
        };
        short.iter().map(note).collect()
    }

    /// Secret variables go through a pipe that terraform empties, under a name that Terraform takes for a JSON file.
    pub fn hand_over(&mut self, secrets: &BTreeMap<String, Value>) -> Result<()> {
        for (name, value) in secrets {
            self.hide(&format!("variable {name}"), value);
        }
        if secrets.is_empty() {
            return Ok(());
        }
        let refuse =
            |error: std::io::Error| Error::file(&self.place.secrets(), "hand secrets over by", error);
        let link = self.place.secrets();
        // An older version's link leads elsewhere.
        if fs::read_link(&link).ok().as_deref() != Some(Path::new(STDIN)) {
            remove(&link)?;
            std::os::unix::fs::symlink(STDIN, &link).map_err(refuse)?;
        }
        let values = secrets.iter().map(|(name, value)| (name.as_str(), value)).collect();
        self.secrets = Some(render::tfvars(&values).into());
        Ok(())
    }

    /// Only for a terraform that reads them: what another leaves in the pipe, its children could read.
    pub(super) fn secrets_for(&self, arguments: &[OsString]) -> Option<&SecretString> {
        let file = terraform::variable_file(&self.place.secrets());
        self.secrets.as_ref().filter(|_| arguments.contains(&file))
    }

    /// The files that a plan reads its variables from.
    pub fn variable_files(&self) -> Vec<PathBuf> {
        let secrets = self.secrets.as_ref().map(|_| self.place.secrets());
        std::iter::once(self.place.variables()).chain(secrets).collect()
    }

    /// `-state=`, where the state is local; Terraform's own default would be the module's folder.
    pub fn state(&self) -> Option<PathBuf> {
        self.component.backend.is_local().then(|| self.place.state())
    }

    /// The module's folder that terraform runs in.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// From here on nothing runs but what saves what an apply has done: a request to stop would lose it.
    pub fn begin_saving(&self) {
        self.saving.set(true);
    }

    /// Where the plan of this run is kept until it is applied.
    pub fn plan_file(&self) -> PathBuf {
        self.logs.join("tfplan")
    }

    /// Refuses to begin a phase once somebody asked us to stop, or where the lock may be another's.
    pub async fn go_on(&self, phase: Phase) -> Result<()> {
        if let Some(lock) = self.lock {
            lock.fence().await.map_err(|error| error.during(phase))?;
        }
        if let Some(error) = self.reading.is_expiring().await {
            return Err(error.during(phase));
        }
        self.session.go_on(phase)
    }
}
