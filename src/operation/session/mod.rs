//! What all components of one run share.

pub mod call_context;
pub mod channel;
pub mod driver;
mod interrupts;
pub mod ledger;
pub mod machines;
pub mod pending_changes;
pub mod produced_outputs;
pub mod request_limits;
pub mod rotations;
pub mod secrets;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use self::call_context::CallContext;
use self::channel::HostChannel;
use self::ledger::Ledger;
pub(super) use self::ledger::{JournalHandle, PriorState};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::lock::Holder;
use crate::model::{Blueprint, Name, Node, OnFailure, Overrides, Reference, TerraformSettings};
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::CallerIdentity;
use crate::operation::store::records::Records;
use crate::process::Cancel;
use crate::resolve::{Module, is_tofu};
use crate::terraform::Tool;

pub(super) struct Session {
    pub call: Rc<CallContext>,
    pub blueprint: Blueprint,
    pub modules: BTreeMap<Name, Arc<Module>>,
    /// The values that the call gave, which are already in the blueprint.
    pub given: Overrides,
    pub ledger: Ledger,
}

/// The modules were read as the program's name suggests. Refuses a program that reads other files of theirs.
fn check_dialect(
    tool: &Tool,
    settings: &TerraformSettings,
    modules: &BTreeMap<Name, Arc<Module>>,
) -> Result<()> {
    let has_tofu = |module: &Module| module.files.iter().any(|file| is_tofu(&file.path));
    let Some((name, _)) = modules.iter().find(|(_, module)| has_tofu(module)) else { return Ok(()) };
    if tool.dialect() == settings.dialect() {
        return Ok(());
    }
    let (product, version) = (tool.product.name(), &tool.version);
    let message =
        format!("the module of {name} has .tofu files, and {} is {product} {version}", tool.path.display());
    let remedy = "OpenTofu 1.8 and newer read these files, under a name with tofu in it: set \
                  infrastructure:settings:terraform:binary";
    Err(Error::new(Layer::Terraform, Phase::Preparation, Code::TerraformVersion, message, remedy))
}

impl Session {
    pub async fn open(
        builder: &ReportBuilder,
        prepared: Prepared,
        journal_handle: JournalHandle,
        cancel: Cancel,
        channel: HostChannel,
        identity: CallerIdentity,
    ) -> Result<Self> {
        let Prepared { blueprint, modules, given, .. } = prepared;
        let call = CallContext::open(builder, &blueprint, cancel, channel, identity).await?;
        check_dialect(&call.tool, &blueprint.settings.terraform, &modules)?;
        Ok(Self { call: Rc::new(call), blueprint, modules, given, ledger: Ledger::new(journal_handle) })
    }

    /// Begins the run: everything that may refuse the call was checked.
    pub async fn begin(&self) -> Result<()> {
        let journal = self.call.channel.begin().await?;
        self.ledger.begin(journal);
        Ok(())
    }

    /// The same run with other configurations of these components. Outputs of other components are read again.
    pub fn toward(&self, targets: BTreeMap<Name, (Node, Arc<Module>)>) -> Self {
        let (mut blueprint, mut modules) = (self.blueprint.clone(), self.modules.clone());
        for (name, (node, module)) in targets {
            blueprint.nodes.insert(name.clone(), node);
            modules.insert(name, module);
        }
        let (call, given) = (self.call.clone(), self.given.clone());
        Self { call, blueprint, modules, given, ledger: self.ledger.without_results() }
    }

    /// The holder of this run's lock on `name`, as other runs see it.
    pub fn holder(&self, name: &Name) -> Holder {
        Holder {
            run_id: self.call.run_id.clone(),
            jid: self.call.identity.jid.clone(),
            minion: self.call.identity.minion.clone(),
            user: self.call.identity.user.clone(),
            environment: self.blueprint.environment.to_string(),
            component: name.to_string(),
            operation: self.call.operation.clone(),
            ..Holder::here()
        }
    }

    /// A component whose secret is rotated goes back to the old one if it fails, whatever the pillar says.
    pub fn on_failure(&self, name: &Name) -> OnFailure {
        if self.ledger.rotations.goes_back(name) {
            return OnFailure::Rollback;
        }
        self.blueprint.nodes.get(name).map_or(OnFailure::Continue, |node| node.component.on_failure)
    }

    pub fn records(&self) -> Records<'_> {
        Records { locks: &self.call.locks, environment: &self.blueprint.environment }
    }

    /// Whether this variable's value comes from a reference, and so may be a secret.
    pub fn is_reference(&self, variable: &str) -> bool {
        let declared = self.blueprint.settings.terraform.env.get(variable);
        !matches!(declared, None | Some(Reference::Plain(_)))
    }

    /// A plugin cache can be set in the CLI configuration or in the environment.
    pub fn shares_plugin_cache(&self) -> bool {
        let terraform = &self.blueprint.settings.terraform;
        terraform.cli_config_file.is_some()
            || self.call.environment.contains_key("TF_PLUGIN_CACHE_DIR")
            || terraform.pass_env.contains("TF_PLUGIN_CACHE_DIR")
    }
}
