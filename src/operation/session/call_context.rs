//! What the turns of one call share, for all configurations.

use std::collections::BTreeMap;
use std::rc::Rc;

use secrecy::SecretString;

use super::channel::Teller;
use super::secrets::{Reading, Secrets, is_late};
use crate::change::Redactor;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock;
use crate::model::Blueprint;
use crate::operation::request::answer::Opening;
use crate::operation::request::call::Identity;
use crate::operation::request::host_reference;
use crate::operation::store::lock_service::service;
use crate::operation::store::saved_plans::SavedPlans;
use crate::process::{Cancel, Guardian};
use crate::terraform::Tool;
use crate::workdir::Layout;

pub struct CallContext {
    pub run_id: String,
    pub operation: String,
    pub layout: Layout,
    pub guardian: Guardian,
    pub tool: Tool,
    /// Declared variables of terraform's environment, but those that are read anew in each turn.
    pub environment: BTreeMap<String, SecretString>,
    pub secrets: Rc<Secrets>,
    pub locks: lock::Service,
    pub cancel: Cancel,
    pub teller: Teller,
    pub identity: Identity,
    /// Held during an init where a plugin cache may be shared: terraform's is not safe for two.
    pub init_gate: tokio::sync::Mutex<()>,
    /// The secrets that its components have learnt.
    pub known: Redactor,
}

impl CallContext {
    /// Finds terraform, and reads the references of its environment.
    pub async fn open(
        opening: &Opening,
        blueprint: &Blueprint,
        cancel: Cancel,
        teller: Teller,
        identity: Identity,
    ) -> Result<Self> {
        let guardian = Guardian::start()?;
        let tool = Tool::locate(&blueprint.settings.terraform, &guardian, &cancel).await?;
        let env = blueprint.settings.terraform.env.iter();
        let early = env.filter(|(_, reference)| !is_late(reference));
        let environment = early.map(|(name, one)| Ok((name.clone(), host_reference::read(one)?)));
        Ok(Self {
            run_id: opening.run_id.clone(),
            operation: opening.operation.clone(),
            layout: Layout::of(blueprint)?,
            environment: environment.collect::<Result<_>>()?,
            secrets: Rc::new(Secrets::new(blueprint.settings.vault.clone(), teller.clone())),
            locks: service(&blueprint.settings)?,
            guardian,
            tool,
            cancel,
            teller,
            identity,
            init_gate: tokio::sync::Mutex::default(),
            known: opening.secrets.clone(),
        })
    }

    /// An error where somebody has asked us to stop.
    pub fn go_on(&self, phase: Phase) -> Result<()> {
        match self.cancel.cause() {
            None => Ok(()),
            Some(_) => {
                let message = "stopped on request before it began";
                Err(Error::new(Layer::Host, phase, Code::Cancelled, message, "run again to continue"))
            }
        }
    }

    /// The plans that this run saves.
    pub fn saved_plans(&self) -> SavedPlans {
        SavedPlans::new(&self.layout, &self.run_id)
    }

    /// What a turn of its own reads.
    pub fn reading(&self) -> Rc<Reading> {
        self.secrets.reading()
    }
}
