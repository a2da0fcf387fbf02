//! A state edit: one `import`, `moved` or `removed` block of Terraform beside the module, for one plan.

use std::collections::BTreeMap;

use serde_json::json;

use crate::change::Changes;
use crate::decide::{State, StateEditNeed, need, others};
use crate::digest::sha256;
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::StateEdit;
use crate::render;
use crate::report::{ComponentReport, Status};
use crate::resolve::Module;
use crate::terraform::Tool;
use crate::workdir::{ComponentPaths, Manifest, read_json, remove_ours, sync_names, write_json, write_whole};

const FILE: &str = "eos_surgery.tf";

/// Address to the id of the import. The `id` attribute of the provider may be another.
type ImportedIds = BTreeMap<String, String>;

fn imported(paths: &ComponentPaths) -> Result<ImportedIds> {
    let remedy =
        "move the file away; resources that were imported under a different id are then imported again";
    Ok(read_json(&paths.imported(), remedy)?.unwrap_or_default())
}

/// The report if there is nothing to do, or if it cannot be done. None: a plan has to be made.
pub(super) fn report_without_plan(
    paths: &ComponentPaths,
    edit: &StateEdit,
    state: Option<&State>,
) -> Result<Option<ComponentReport>> {
    let imported = imported(paths)?;
    let id = match edit {
        StateEdit::Import { address, .. } => imported.get(address.as_str()).map(String::as_str),
        _ => None,
    };
    match need(edit, state, id) {
        StateEditNeed::Plan => Ok(None),
        StateEditNeed::Done(reason) => Ok(Some(ComponentReport::new(Status::Unchanged, reason))),
        StateEditNeed::Never(code, message) => {
            let remedy = "eos_terraform.get_resources lists the resources in the state";
            Err(Error::new(Layer::Salt, Phase::Planning, code, message, remedy))
        }
    }
}

/// Refuses an edit that this program cannot plan.
pub(super) fn check(tool: &Tool, edit: &StateEdit) -> Result<()> {
    if !matches!(edit, StateEdit::Remove { .. }) || tool.removes_from_states() {
        return Ok(());
    }
    let message = format!("{} {} cannot plan the removal of a resource", tool.product.name(), tool.version);
    let remedy = "use Terraform 1.7, OpenTofu 1.10 or newer, or remove the resource from the module";
    Err(Error::new(Layer::Terraform, Phase::Planning, Code::TerraformVersion, message, remedy))
}

/// The block, while its file is beside the module.
pub struct StateEditFile<'a> {
    place: &'a ComponentPaths,
    path: String,
}

/// Writes the block beside the module. If this run crashes then, the next run knows that the file belongs to Eos.
pub(super) fn write_block<'a>(
    place: &'a ComponentPaths,
    module: &Module,
    edit: &StateEdit,
    manifest: &mut Manifest,
) -> Result<StateEditFile<'a>> {
    let inner = match module.subdir.as_str() {
        "" => FILE.to_owned(),
        subdir => format!("{subdir}/{FILE}"),
    };
    if module.files.iter().any(|file| file.path == inner) {
        let message = format!("the module has a file {inner}, but Eos writes to a file of this name");
        let remedy = "rename it in the source of the module";
        return Err(Error::new(Layer::Salt, Phase::Preparation, Code::Invalid, message, remedy));
    }
    let (path, text) = (format!("module/{inner}"), render::surgery(edit));
    let before = manifest.written.clone();
    let either = before.clone().into_iter().chain([(path.clone(), sha256(&text))]).collect();
    manifest.announce(place, &before, either)?;
    write_whole(&place.workdir.join(&path), text.as_bytes())?;
    Ok(StateEditFile { place, path })
}

impl StateEditFile<'_> {
    /// A saved plan contains the block.
    pub fn take_away(self, manifest: &mut Manifest) -> Result<()> {
        remove_ours(&self.place.workdir, &self.path)?;
        sync_names(&self.place.workdir, [&self.path])?;
        manifest.written.remove(&self.path);
        manifest.seal(self.place, true)
    }
}

/// Refuses a plan with any other change.
pub(super) fn refuse_others(edit: &StateEdit, changes: &Changes) -> Result<()> {
    let others = others(edit, changes);
    let nothing = changes.resources.is_empty();
    if others.is_empty() && !nothing {
        return Ok(());
    }
    let message = match nothing {
        true => {
            "Terraform plans nothing for it. Check that it is in the state and that the module declares it"
                .to_owned()
        }
        false => format!("the plan has other changes: {}", others.join(", ")),
    };
    let remedy = "first apply the component. If that would do harm, write the block into the module itself, \
                  so that everything is planned together";
    Err(Error::new(Layer::Salt, Phase::Planning, Code::OtherChanges, message, remedy)
        .with(json!({ "addresses": others })))
}

/// Stores what the next call has to know of an import.
pub(super) fn remember(paths: &ComponentPaths, edit: &StateEdit) -> Result<()> {
    let StateEdit::Import { address, id } = edit else { return Ok(()) };
    let mut imported = imported(paths)?;
    imported.insert(address.to_string(), id.clone());
    write_json(&paths.imported(), &imported)
}
