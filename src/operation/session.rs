//! What all components of one run share.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use super::Identity;
use super::blocking::blocking;
use super::inputs::Produced;
use super::prepare::Prepared;
use super::signal::Teller;
use super::summary::Opening;
use crate::error::Result;
use crate::journal::{Done, Entry, Journal};
use crate::lock;
use crate::model::{Blueprint, Name, OnFailure, Reference};
use crate::process::{Cancel, Guardian};
use crate::report::{ComponentReport, Status};
use crate::resolve::Module;
use crate::terraform::Tool;
use crate::workdir::Layout;

pub struct Session {
    pub run_id: String,
    pub operation: String,
    pub blueprint: Blueprint,
    pub modules: BTreeMap<Name, Arc<Module>>,
    pub layout: Layout,
    pub guardian: Guardian,
    pub tool: Tool,
    /// Declared variables of terraform's environment, references resolved.
    pub environment: BTreeMap<String, SecretString>,
    pub locks: lock::Service,
    pub cancel: Cancel,
    pub teller: Teller,
    pub identity: Identity,
    /// Held during an init where a plugin cache may be shared: terraform's is not safe for two.
    pub init_gate: tokio::sync::Mutex<()>,
    pub produced: RefCell<BTreeMap<Name, Produced>>,
    memory: Memory,
    /// What components were when their turn ended well.
    reached: RefCell<BTreeMap<Name, Done>>,
}

/// What a run writes down, and what it knows of the one that it goes on with. Questions have neither.
#[derive(Default)]
pub struct Memory {
    pub journal: Option<Journal>,
    pub done: BTreeMap<Name, Done>,
}

impl Session {
    /// Finds terraform, and reads what its environment refers to.
    pub async fn open(
        opening: &Opening,
        prepared: Prepared,
        memory: Memory,
        cancel: Cancel,
        teller: Teller,
        identity: Identity,
    ) -> Result<Self> {
        let Prepared { blueprint, modules } = prepared;
        let guardian = Guardian::start()?;
        let tool = Tool::locate(&blueprint.settings.terraform, &guardian, &cancel).await?;
        let environment = super::inputs::read_all(&blueprint.settings.terraform.env)?;
        let locks = super::records::service(&blueprint.settings)?;
        Ok(Self {
            layout: Layout::of(&blueprint),
            run_id: opening.run_id.clone(),
            operation: opening.operation.clone(),
            blueprint,
            modules,
            guardian,
            tool,
            environment,
            locks,
            cancel,
            teller,
            identity,
            memory,
            reached: RefCell::default(),
            init_gate: tokio::sync::Mutex::new(()),
            produced: RefCell::default(),
        })
    }

    /// What `name` gives to those that read it.
    pub fn produce(&self, name: &Name, produced: Produced) {
        self.produced.borrow_mut().insert(name.clone(), produced);
    }

    /// What the run that this one resumes left of `name`.
    pub fn done(&self, name: &Name) -> Option<&Done> {
        self.memory.done.get(name)
    }

    pub fn reach(&self, name: &Name, done: Done) {
        self.reached.borrow_mut().insert(name.clone(), done);
    }

    pub fn note(&self, entry: Entry) -> Result<()> {
        self.memory.journal.as_ref().map_or(Ok(()), |journal| journal.note(entry))
    }

    pub async fn note_durably(&self, entry: Entry) -> Result<()> {
        let Some(journal) = self.memory.journal.clone() else { return Ok(()) };
        blocking(move || journal.note_durably(entry)).await
    }

    /// The end of a component's turn. That it cannot be written must not hide what was done.
    pub fn note_end(&self, name: &Name, report: &ComponentReport) {
        let well = matches!(report.status, Status::Applied | Status::Unchanged | Status::Destroyed);
        let done = self.reached.borrow_mut().remove(name).filter(|_| well);
        let (status, reason) = (report.status.word().to_owned(), report.reason.clone());
        if let Err(error) = self.note(Entry::Ended { component: name.clone(), status, reason, done }) {
            tracing::error!("{name}: {error}");
        }
    }

    pub fn on_failure(&self, name: &Name) -> OnFailure {
        self.blueprint.nodes.get(name).map_or(OnFailure::Continue, |node| node.component.on_failure)
    }

    /// Whether this variable's value came by a reference, and so may be a secret.
    pub fn is_reference(&self, variable: &str) -> bool {
        let declared = self.blueprint.settings.terraform.env.get(variable);
        !matches!(declared, None | Some(Reference::Plain(_)))
    }

    /// A plugin cache can come with the CLI configuration or with the environment.
    pub fn shares_plugin_cache(&self) -> bool {
        let terraform = &self.blueprint.settings.terraform;
        terraform.cli_config_file.is_some()
            || self.environment.contains_key("TF_PLUGIN_CACHE_DIR")
            || terraform.pass_env.contains("TF_PLUGIN_CACHE_DIR")
    }
}
