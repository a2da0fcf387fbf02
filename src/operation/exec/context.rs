//! What every step of one component's turn uses, also without terraform.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::nomad_env;
use crate::change::Redactor;
use crate::error::{Phase, Result};
use crate::lock::LockGuard;
use crate::model::Component;
use crate::operation::session::Session;
use crate::operation::session::secrets::SecretReader;
use crate::words::Words;
use crate::workdir::ComponentPaths;

pub struct Context<'a> {
    pub session: &'a Session,
    pub component: &'a Component,
    pub paths: &'a ComponentPaths,
    /// None for a question. It stays held while terraform lives, even if this process is killed.
    pub lock: Option<&'a LockGuard>,
    /// The references that this turn reads.
    pub reader: Rc<SecretReader>,
    pub redactor: Redactor,
    /// Secrets that are too short to be removed from texts, by their names in the pillar.
    short: RefCell<BTreeSet<String>>,
    /// A secret of its tasks is not known: texts from its tasks are not repeated.
    pub has_unreadable_secrets: bool,
}

impl<'a> Context<'a> {
    /// Refuses folders that are not safe.
    pub fn new(
        session: &'a Session,
        component: &'a Component,
        place: &'a ComponentPaths,
        lock: Option<&'a LockGuard>,
        reader: Rc<SecretReader>,
    ) -> Result<Self> {
        place.check()?;
        let redactor = session.call.known.of_component();
        let context = Self {
            session,
            component,
            paths: place,
            lock,
            reader,
            redactor,
            short: RefCell::default(),
            has_unreadable_secrets: false,
        };
        let is_secret = |name: &String| session.is_reference(name) || name == nomad_env::TOKEN;
        for (name, value) in session.call.environment.iter().filter(|(name, _)| is_secret(name)) {
            context.hide_variable(name, value);
        }
        Ok(context)
    }

    /// Hides the value of a variable of terraform's environment.
    pub fn hide_variable(&self, name: &str, value: &SecretString) {
        self.hide(&format!("environment variable {name}"), &value.expose_secret().into());
    }

    /// Removes a secret from all texts. `what`: its name, for the note about a secret that is too short.
    pub fn hide(&self, what: &str, secret: &Value) {
        self.redactor.add([secret]);
        if Redactor::is_short(secret) {
            self.short.borrow_mut().insert(what.to_owned());
        }
    }

    /// A note about each secret that is too short.
    pub fn short_secrets(&self) -> Vec<Words> {
        let short = self.short.borrow();
        let note = |what: &String| {
            Words::own(format!(
                "{what} is or contains a secret of fewer than 4 characters, which is not masked in texts"
            ))
        };
        short.iter().map(note).collect()
    }

    /// The path for `-state=`, if the state is local. Terraform's own default is in the module's folder.
    pub fn state(&self) -> Option<PathBuf> {
        self.component.backend.is_local().then(|| self.paths.state())
    }

    /// Refuses to begin a phase if the run was asked to stop, if the lock may be lost, or if a lease expires.
    pub async fn go_on(&self, phase: Phase) -> Result<()> {
        if let Some(lock) = self.lock {
            lock.fence().await.map_err(|error| error.during(phase))?;
        }
        if let Some(error) = self.reader.is_expiring().await {
            return Err(error.during(phase));
        }
        self.session.call.go_on(phase)
    }
}
