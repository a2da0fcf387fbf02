//! What all components of one run share.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use super::Identity;
use super::inputs::Produced;
use super::prepare::Prepared;
use super::signal::Teller;
use crate::error::Result;
use crate::lock;
use crate::model::{Blueprint, Name, OnFailure, Reference};
use crate::process::Cancel;
use crate::resolve::Module;
use crate::terraform::Tool;
use crate::workdir::Layout;

pub struct Session {
    pub run_id: String,
    pub operation: &'static str,
    pub blueprint: Blueprint,
    pub modules: BTreeMap<Name, Arc<Module>>,
    pub layout: Layout,
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
}

impl Session {
    pub fn new(
        run_id: String,
        operation: &'static str,
        prepared: Prepared,
        tool: Tool,
        cancel: Cancel,
        teller: Teller,
        identity: Identity,
    ) -> Result<Self> {
        let Prepared { blueprint, modules } = prepared;
        let environment = super::inputs::read_all(&blueprint.settings.terraform.env)?;
        let token = blueprint.settings.lock.token().map(super::inputs::read).transpose()?;
        let locks = lock::Service::open(&blueprint.settings.lock, token)?;
        Ok(Self {
            layout: Layout::new(&blueprint.settings.root, &blueprint.environment),
            run_id,
            operation,
            blueprint,
            modules,
            tool,
            environment,
            locks,
            cancel,
            teller,
            identity,
            init_gate: tokio::sync::Mutex::new(()),
            produced: RefCell::default(),
        })
    }

    /// What `name` gives to those that read it.
    pub fn produce(&self, name: &Name, produced: Produced) {
        self.produced.borrow_mut().insert(name.clone(), produced);
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
