//! `terraform init`, only if its inputs changed since the last one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Invoker;
use super::command_output::CommandOutput;
use super::context::Context;
use crate::command_line::command;
use crate::digest::sha256;
use crate::error::{Code, Error, Phase, Result};
use crate::resolve::{Module, moved_providers, selected_providers, without_providers};
use crate::terraform::{self, InitArguments};
use crate::view::progress::Stage;
use crate::words::{Words, words};
use crate::workdir::{read, remove, write};

/// Options of an init.
#[derive(Clone, Copy, Debug, Default)]
pub struct InitOptions {
    /// Forget the previous backend. Its state was moved already.
    pub reconfigure: bool,
    /// Take the newest providers and modules that the configuration allows.
    pub upgrade: bool,
}

/// Does nothing if Terraform needs no init: built-in providers, no child modules, local state. Returns which providers
/// changed their version.
pub async fn initialise(
    invoker: &Invoker<'_>,
    module: &Module,
    backend: Option<&str>,
    wanted: InitOptions,
) -> Result<Vec<String>> {
    let interface = &module.interface;
    let needs_none = interface.providers.is_empty() && !interface.has_modules && !interface.incomplete;
    if needs_none && backend.is_none() {
        return Ok(Vec::new());
    }
    invoker.computes_sources.set(interface.has_computed_sources);
    let InitOptions { reconfigure, upgrade } = wanted;
    if !reconfigure && !upgrade && is_initialised(invoker, module, backend) {
        return Ok(Vec::new());
    }
    let _gate = match invoker.context.session.shares_plugin_cache() {
        true => Some(invoker.context.session.call.init_gate.lock().await),
        false => None,
    };
    invoker.context.go_on(Phase::Preparation).await?;
    invoker.context.session.call.channel.stage(&invoker.context.component.name, Stage::Initialising);
    let path = lock_file(invoker);
    let before = read(&path)?;
    let shipped = ships_lock_file(module);
    if upgrade && shipped {
        // Terraform refuses to upgrade beside a read-only lock file, so its list of fetched modules is removed
        // instead.
        remove(&invoker.context.paths.data().join("modules/modules.json"))?;
    }
    let init = InitArguments { reconfigure, upgrade, readonly_lock_file: shipped };
    let output = match shipped {
        true => run(invoker, &init).await?,
        false => run_beyond_lock_file(invoker, &init).await?,
    };
    if output.exit.code != Some(0) {
        let error = invoker.failure("init", Phase::Preparation, &output);
        if shipped {
            return Err(error);
        }
        // The earlier choice may satisfy the new constraint too.
        if let Some(before) = &before {
            write(&path, before)?;
        }
        return Err(match error.code {
            Code::ProviderLock => Error { remedy: anew(&path).into(), ..error },
            Code::ProviderUnavailable if terraform::is_gone(&output.exit.stderr_tail) => {
                Error { remedy: upgrade_first(&invoker.context), ..error }
            }
            _ => error,
        });
    }
    write(&invoker.context.paths.initialised(), fingerprint(invoker, module, backend)?.as_bytes())?;
    let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let mut notes = moved_providers(&text(before), &text(read(&path)?));
    if upgrade && shipped {
        notes
            .push("the versions of the providers stay as in the module's own .terraform.lock.hcl".to_owned());
    }
    Ok(notes)
}

async fn run(invoker: &Invoker<'_>, init: &InitArguments) -> Result<CommandOutput> {
    invoker.plain("init", init.arguments(), invoker.context.component.timeouts.init).await
}

/// Gives up earlier choices that no longer fit the module, only for providers that Terraform names.
async fn run_beyond_lock_file(invoker: &Invoker<'_>, init: &InitArguments) -> Result<CommandOutput> {
    let path = lock_file(invoker);
    loop {
        let output = run(invoker, init).await?;
        let outgrown = match output.exit.code {
            Some(0) => return Ok(output),
            _ => terraform::outgrown(&output.exit.stderr_tail),
        };
        let locked = String::from_utf8_lossy(&read(&path)?.unwrap_or_default()).into_owned();
        // With many providers, Terraform's error names only some. Each round removes at least one.
        match without_providers(&locked, &outgrown) {
            Some(text) => write(&path, text.as_bytes())?,
            None => return Ok(output),
        }
    }
}

/// Neither a destroy nor a drift check chooses another version.
fn upgrade_first(context: &Context<'_>) -> Words {
    let (environment, name) = (&context.session.blueprint.environment, &context.component.name);
    let upgrade = command("orchestrate").of(environment).with("components", name).flag("upgrade");
    words![
        "an earlier run selected this version. To select another one: ",
        upgrade,
        "; after that, destroy and drift work again. Or restore the version in its registry or mirror"
    ]
}

fn anew(path: &std::path::Path) -> String {
    format!(
        "an earlier init wrote {}: move it away, then run again; init selects the providers again",
        path.display()
    )
}

/// Whether the last init had the same inputs, and its providers still exist.
pub fn is_initialised(invoker: &Invoker<'_>, module: &Module, backend: Option<&str>) -> bool {
    let found = std::fs::read_to_string(invoker.context.paths.initialised());
    found.is_ok_and(|found| fingerprint(invoker, module, backend).is_ok_and(|now| now == found))
}

pub fn ships_lock_file(module: &Module) -> bool {
    let path = match module.subdir.as_str() {
        "" => LOCK_FILE.to_owned(),
        subdir => format!("{subdir}/{LOCK_FILE}"),
    };
    module.files.iter().any(|file| file.path == path)
}

const LOCK_FILE: &str = ".terraform.lock.hcl";

pub fn lock_file(invoker: &Invoker<'_>) -> PathBuf {
    invoker.cwd().join(LOCK_FILE)
}

/// Source of a provider to the version that the last init selected. Empty if all providers are built in.
pub fn providers(invoker: &Invoker<'_>) -> Result<BTreeMap<String, String>> {
    let text = read(&lock_file(invoker))?.unwrap_or_default();
    Ok(selected_providers(&String::from_utf8_lossy(&text)))
}

/// Everything that an init reads, and the providers that it chose.
fn fingerprint(invoker: &Invoker<'_>, module: &Module, backend: Option<&str>) -> Result<String> {
    let settings = &invoker.context.session.blueprint.settings.terraform;
    let parts = [
        module.interface.digest.clone(),
        backend.unwrap_or_default().to_owned(),
        invoker.context.session.call.tool.identity(),
        invoker.context.session.call.tool.path.display().to_string(),
        settings.cli_config_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
        read(&lock_file(invoker))?.map(sha256).unwrap_or_default(),
    ];
    let values = match module.interface.has_computed_sources {
        true => read(&invoker.context.paths.variables())?,
        false => None,
    };
    let parts: Vec<_> = parts.into_iter().chain(values.map(sha256)).collect();
    Ok(sha256(serde_json::json!(parts).to_string()))
}
