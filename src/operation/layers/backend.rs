//! Asks a backend for the state of one component: `terraform state pull` takes no lock and writes nothing there.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::deadline::Deadline;
use super::questions::Questions;
use crate::decide::layers::BackendAnswer;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::Component;
use crate::process::{self, Command, Guardian, Limits};
use crate::render;
use crate::terraform::{self, ROOM, TerraformFolders, Tool};
use crate::workdir::{ComponentPaths, Layout, ensure_private, read, remove};

/// Time between the SIGINT and the SIGKILL to a terraform that only reads.
const GRACE: Duration = Duration::from_secs(2);

/// With less time left, a pull is not begun: that it had no answer would say nothing about the backend.
const LEAST: Duration = Duration::from_secs(3);

pub struct BackendProbe<'a> {
    pub questions: &'a Questions<'a>,
    pub guardian: &'a Guardian,
    pub tool: &'a Tool,
}

/// Asks with the first of the backend's components whose workdir is prepared for it.
pub async fn ask(probe: &BackendProbe<'_>, components: &[&Component]) -> BackendAnswer {
    let questions = probe.questions;
    if questions.deadline.left() < LEAST {
        return BackendAnswer::NotAsked("the time limit of all questions left no time for it");
    }
    let Some(Ok(_permit)) = questions.deadline.within(questions.pulls.acquire()).await else {
        return BackendAnswer::NotAsked("the time limit of all questions left no time for it");
    };
    let layout = match Layout::new(&questions.settings().root, &questions.draft.environment) {
        Ok(layout) => layout,
        Err(error) => return BackendAnswer::Unreachable(error),
    };
    for component in components {
        let ready =
            layout.component(&component.name).ok().filter(|paths| is_prepared(probe, component, paths));
        let Some(paths) = ready else { continue };
        return match pull(probe, component, &layout, &paths).await {
            Ok(()) => BackendAnswer::Reachable(Some(component.name.clone())),
            Err(error) if error.code == Code::BackendChanged => {
                BackendAnswer::NotAsked("its workdirs are not initialised for it: the next run does that")
            }
            Err(error) => BackendAnswer::Unreachable(error.of(&component.name)),
        };
    }
    BackendAnswer::NotAsked("no component ran here with it")
}

/// The workdir was initialised for exactly the backend of the pillar.
fn is_prepared(probe: &BackendProbe<'_>, component: &Component, paths: &ComponentPaths) -> bool {
    let Some(source) = &component.source else { return false };
    let file = paths.module().join(source.subdir()).join("backend.tf");
    let rendered = render::backend(&component.backend, &probe.questions.draft.environment, &component.name);
    let written = read(&file).ok().flatten();
    paths.check().is_ok()
        && paths.initialised().exists()
        && matches!((rendered, written), (Ok(Some(wanted)), Some(text)) if wanted.as_bytes() == text)
}

async fn pull(
    probe: &BackendProbe<'_>,
    component: &Component,
    layout: &Layout,
    paths: &ComponentPaths,
) -> Result<()> {
    let questions = probe.questions;
    let variables = variables(questions).await?;
    let logs = layout.run(questions.run_id).join(&component.name);
    ensure_private(&logs)?;
    ensure_private(&paths.home())?;
    let settings = &questions.settings().terraform;
    let declared = variables.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let folders = TerraformFolders {
        home: paths.home(),
        data: paths.data(),
        cli_config: settings.cli_config_file.clone(),
    };
    let subdir = component.source.as_ref().map(|source| source.subdir()).unwrap_or_default();
    let command = Command {
        program: probe.tool.path.clone(),
        // The module in the workdir may be an earlier one, so the variables are given without looking at today's.
        args: terraform::with_sources(probe.tool, "state-pull", terraform::state_pull(), &paths.variables()),
        cwd: paths.module().join(subdir),
        env: terraform::environment(std::env::vars_os(), declared, &settings.pass_env, &folders),
        stdout: logs.join("state-pull.stdout"),
        stderr: logs.join("state-pull.stderr"),
        room: ROOM,
        stdin: None,
        lock: None,
    };
    let limits = Limits { timeout: questions.deadline.left(), stop_grace: GRACE };
    let ended =
        process::run(&command, &limits, probe.guardian, &questions.deadline.cancel, &mut |_| {}).await;
    // It contains a state in clear.
    remove(&command.stdout)?;
    layout.give_terraforms(paths, questions.run_id);
    let exit = ended?;
    match (exit.stopped, exit.code) {
        (None, Some(0)) => Ok(()),
        (Some(_), _) => {
            let message = format!("the {} backend gave {}", component.backend.kind, Deadline::missed());
            let remedy = "check that this host can reach the backend";
            Err(Error::new(Layer::Terraform, Phase::Verification, Code::BackendUnreachable, message, remedy))
        }
        (None, _) => Err(terraform::explain("state pull", &[], &exit, &exit.stderr_tail)),
    }
}

/// The variables of terraform's environment, without the credentials of providers: a pull starts none.
async fn variables(questions: &Questions<'_>) -> Result<BTreeMap<String, SecretString>> {
    let mut variables = BTreeMap::new();
    for (name, reference) in &questions.settings().terraform.env {
        variables.insert(name.clone(), questions.secrets.read(reference, questions.deadline).await?);
    }
    Ok(variables)
}
