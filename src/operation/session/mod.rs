//! What all components of one run share.

pub mod channel;
pub mod driver;
mod interrupts;
pub mod produced;
pub mod secrets;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use secrecy::SecretString;

use self::channel::Teller;
use self::produced::Produced;
use self::secrets::{Reading, Secrets, is_late};
use crate::change::Redactor;
use crate::decide::Did;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::journal::{Done, Entry, Journal};
use crate::lock::{self, Holder};
use crate::model::{Blueprint, Name, Node, OnFailure, Reference};
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::request::answer::Opening;
use crate::operation::request::call::Identity;
use crate::operation::request::host_reference;
use crate::operation::runtime::blocking;
use crate::operation::store::lock_service::service;
use crate::operation::store::records::Records;
use crate::operation::store::saved_plans::SavedPlans;
use crate::process::{Cancel, Guardian};
use crate::report::{ComponentReport, Status};
use crate::resolve::Module;
use crate::terraform::Tool;
use crate::workdir::Layout;

pub(super) struct Session {
    pub run_id: String,
    pub operation: String,
    pub blueprint: Blueprint,
    pub modules: BTreeMap<Name, Arc<Module>>,
    pub layout: Layout,
    pub guardian: Rc<Guardian>,
    pub tool: Tool,
    /// Declared variables of terraform's environment, but those that are read anew in each turn.
    pub environment: BTreeMap<String, SecretString>,
    pub secrets: Rc<Secrets>,
    pub locks: Rc<lock::Service>,
    pub cancel: Cancel,
    pub teller: Teller,
    pub identity: Identity,
    /// Held during an init where a plugin cache may be shared: terraform's is not safe for two.
    pub init_gate: Rc<tokio::sync::Mutex<()>>,
    /// The secrets that its components have learnt.
    pub known: Redactor,
    pub produced: RefCell<BTreeMap<Name, Produced>>,
    memory: Memory,
    /// What components were when their turn ended well.
    reached: RefCell<BTreeMap<Name, Done>>,
    /// What this run changed, and what it was before.
    changed: RefCell<BTreeMap<Name, Was>>,
}

/// A component before this run changed it, and how far the change came.
#[derive(Clone, Debug)]
pub(super) struct Was {
    pub did: Did,
    /// Digest of the configuration that was known to be good.
    pub known_good: Option<String>,
    /// What a plan of that one finds to do again and again.
    pub residue: BTreeSet<String>,
    /// Digest of the configuration that this run applied, or tried to.
    pub tried: String,
    /// The text of the state; none where there was no state.
    pub state: Option<Arc<Vec<u8>>>,
}

/// What a run writes down, and what it knows of the one that it goes on with. Questions have neither.
#[derive(Default)]
pub(super) struct Memory {
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
        let Prepared { blueprint, modules, .. } = prepared;
        let guardian = Rc::new(Guardian::start()?);
        let tool = Tool::locate(&blueprint.settings.terraform, &guardian, &cancel).await?;
        let env = blueprint.settings.terraform.env.iter();
        let early = env.filter(|(_, reference)| !is_late(reference));
        let environment = early.map(|(name, one)| Ok((name.clone(), host_reference::read(one)?)));
        let environment = environment.collect::<Result<_>>()?;
        let secrets = Rc::new(Secrets::new(blueprint.settings.vault.clone(), teller.clone()));
        let locks = Rc::new(service(&blueprint.settings)?);
        Ok(Self {
            layout: Layout::of(&blueprint)?,
            run_id: opening.run_id.clone(),
            operation: opening.operation.clone(),
            blueprint,
            modules,
            guardian,
            tool,
            environment,
            secrets,
            locks,
            cancel,
            teller,
            identity,
            memory,
            reached: RefCell::default(),
            changed: RefCell::default(),
            init_gate: Rc::default(),
            known: opening.secrets.clone(),
            produced: RefCell::default(),
        })
    }

    /// An error where somebody has asked us to stop.
    pub fn go_on(&self, phase: Phase) -> Result<()> {
        match self.cancel.cause() {
            None => Ok(()),
            Some(_) => {
                let message = "stopped before it began, as asked";
                Err(Error::new(Layer::Host, phase, Code::Cancelled, message, "run again to go on"))
            }
        }
    }

    /// The same run, with these components as they are here; what others produce is read anew.
    pub fn toward(&self, targets: BTreeMap<Name, (Node, Arc<Module>)>) -> Self {
        let (mut blueprint, mut modules) = (self.blueprint.clone(), self.modules.clone());
        for (name, (node, module)) in targets {
            blueprint.nodes.insert(name.clone(), node);
            modules.insert(name, module);
        }
        Self {
            run_id: self.run_id.clone(),
            operation: self.operation.clone(),
            blueprint,
            modules,
            layout: self.layout.clone(),
            guardian: self.guardian.clone(),
            tool: self.tool.clone(),
            environment: self.environment.clone(),
            secrets: self.secrets.clone(),
            locks: self.locks.clone(),
            cancel: self.cancel.clone(),
            teller: self.teller.clone(),
            identity: self.identity.clone(),
            init_gate: self.init_gate.clone(),
            known: self.known.clone(),
            produced: RefCell::default(),
            memory: Memory { journal: self.memory.journal.clone(), done: BTreeMap::new() },
            reached: RefCell::default(),
            changed: RefCell::default(),
        }
    }

    /// Who we are to others that want the lock of `name`.
    pub fn holder(&self, name: &Name) -> Holder {
        Holder {
            run_id: self.run_id.clone(),
            jid: self.identity.jid.clone(),
            minion: self.identity.minion.clone(),
            user: self.identity.user.clone(),
            environment: self.blueprint.environment.to_string(),
            component: name.to_string(),
            operation: self.operation.clone(),
            ..Holder::here()
        }
    }

    /// This run is about to change `name`.
    pub fn change(&self, name: &Name, was: Was) {
        self.changed.borrow_mut().insert(name.clone(), was);
    }

    /// How far that came.
    pub fn did(&self, name: &Name, did: Did) {
        if let Some(was) = self.changed.borrow_mut().get_mut(name) {
            was.did = did;
        }
    }

    pub fn changed(&self) -> BTreeMap<Name, Was> {
        self.changed.borrow().clone()
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
        let well = report.status.is_as_asked() || report.status == Status::Destroyed;
        let done = self.reached.borrow_mut().remove(name).filter(|_| well);
        let (status, reason) = (report.status.word().to_owned(), report.reason().to_owned());
        if let Err(error) = self.note(Entry::Ended { component: name.clone(), status, reason, done }) {
            tracing::error!("{name}: {error}");
        }
    }

    pub fn on_failure(&self, name: &Name) -> OnFailure {
        self.blueprint.nodes.get(name).map_or(OnFailure::Continue, |node| node.component.on_failure)
    }

    pub fn records(&self) -> Records<'_> {
        Records { locks: &self.locks, environment: &self.blueprint.environment }
    }

    /// The plans that this run saves.
    pub fn saved_plans(&self) -> SavedPlans {
        SavedPlans::new(&self.layout, &self.run_id)
    }

    /// What a turn of its own reads.
    pub fn reading(&self) -> Rc<Reading> {
        self.secrets.reading()
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
