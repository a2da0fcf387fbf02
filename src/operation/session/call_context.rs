//! What the turns of one call share, for all configurations.

use std::collections::BTreeMap;
use std::rc::Rc;

use secrecy::SecretString;

use super::channel::HostChannel;
use super::request_limits::RequestLimits;
use super::secrets::{CallSecrets, SecretReader, is_late};
use crate::change::Redactor;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock;
use crate::model::Blueprint;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::CallerIdentity;
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
    /// Declared variables of terraform's environment, except those that each turn reads again.
    pub environment: BTreeMap<String, SecretString>,
    pub secrets: Rc<CallSecrets>,
    pub locks: lock::LockService,
    pub cancel: Cancel,
    pub channel: HostChannel,
    pub identity: CallerIdentity,
    /// Held during an init if a plugin cache may be shared: two terraforms must not write to it at the same time.
    pub init_gate: tokio::sync::Mutex<()>,
    pub request_limits: RequestLimits,
    /// The secrets that its components have read so far.
    pub known: Redactor,
}

impl CallContext {
    /// Finds terraform, and reads the references of its environment.
    pub async fn open(
        builder: &ReportBuilder,
        blueprint: &Blueprint,
        cancel: Cancel,
        channel: HostChannel,
        identity: CallerIdentity,
    ) -> Result<Self> {
        let guardian = Guardian::start()?;
        let tool = Tool::locate(&blueprint.settings.terraform, &guardian, &cancel).await?;
        let env = blueprint.settings.terraform.env.iter();
        let early = env.filter(|(_, reference)| !is_late(reference));
        let environment = early.map(|(name, one)| Ok((name.clone(), host_reference::read(one)?)));
        Ok(Self {
            run_id: builder.run_id.clone(),
            operation: builder.operation.clone(),
            layout: Layout::of(blueprint)?,
            environment: environment.collect::<Result<_>>()?,
            secrets: Rc::new(CallSecrets::new(
                blueprint.settings.vault.clone(),
                channel.clone(),
                cancel.clone(),
            )),
            locks: service(&blueprint.settings)?,
            guardian,
            tool,
            cancel,
            channel,
            identity,
            init_gate: tokio::sync::Mutex::default(),
            request_limits: RequestLimits::default(),
            known: builder.secrets.clone(),
        })
    }

    /// An error if the run was asked to stop.
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
        match self.identity.branch {
            Some(_) => SavedPlans::of_branch(&self.layout, &self.run_id),
            None => SavedPlans::new(&self.layout, &self.run_id),
        }
    }

    /// A new reader for one turn.
    pub fn reading(&self) -> Rc<SecretReader> {
        self.secrets.reading()
    }
}
