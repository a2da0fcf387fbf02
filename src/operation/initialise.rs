//! `terraform init`, only when what it was made for changed.

use super::invoke::Invoker;
use crate::digest::sha256;
use crate::error::{Phase, Result};
use crate::resolve::Module;
use crate::terraform::Init;
use crate::view::progress::Stage;
use crate::workdir::write;

/// Does nothing where Terraform needs no init: built-in providers, no child modules, local state.
pub async fn initialise(
    invoker: &Invoker<'_>,
    module: &Module,
    backend: Option<&str>,
    reconfigure: bool,
) -> Result<()> {
    let interface = &module.interface;
    let needs_none = interface.providers.is_empty() && !interface.has_modules && !interface.incomplete;
    if needs_none && backend.is_none() {
        return Ok(());
    }
    if !reconfigure && is_initialised(invoker, module, backend) {
        return Ok(());
    }
    let _gate = match invoker.session.shares_plugin_cache() {
        true => Some(invoker.session.init_gate.lock().await),
        false => None,
    };
    invoker.go_on(Phase::Preparation).await?;
    invoker.session.teller.stage(&invoker.component.name, Stage::Initialising);
    let shipped = lock_file(&module.subdir);
    let init = Init { reconfigure, readonly_lock_file: module.files.iter().any(|file| file.path == shipped) };
    let said = invoker.plain("init", init.arguments(), invoker.component.timeouts.init).await?;
    if said.exit.code != Some(0) {
        return Err(invoker.failure("init", Phase::Preparation, &said));
    }
    let marker = invoker.place.initialised();
    write(&marker, fingerprint(invoker, module, backend).as_bytes())
}

/// Whether the last init there was made for just this.
pub fn is_initialised(invoker: &Invoker<'_>, module: &Module, backend: Option<&str>) -> bool {
    let found = std::fs::read_to_string(invoker.place.initialised());
    found.is_ok_and(|found| found == fingerprint(invoker, module, backend))
}

fn lock_file(subdir: &str) -> String {
    match subdir {
        "" => ".terraform.lock.hcl".to_owned(),
        subdir => format!("{subdir}/.terraform.lock.hcl"),
    }
}

/// Everything that an init reads.
fn fingerprint(invoker: &Invoker<'_>, module: &Module, backend: Option<&str>) -> String {
    let settings = &invoker.session.blueprint.settings.terraform;
    let parts = [
        module.interface.digest.clone(),
        backend.unwrap_or_default().to_owned(),
        invoker.session.tool.version.to_string(),
        invoker.session.tool.path.display().to_string(),
        settings.cli_config_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
    ];
    sha256(serde_json::json!(parts).to_string())
}
