//! From a component's source to its module: the module's files and its interface.
//!
//! This room knows folders and Terraform's configuration language. It must not know workdirs or values.
//! In: a [`Source`]. Out: a [`Module`] with its interface, or a sentence that says what is wrong.

mod block;
mod body;
mod children;
mod constraint;
mod dialect;
mod document;
mod examine;
mod ignored_changes;
mod interface;
mod json;
mod json_blocks;
mod lexer;
mod listing;
mod lock_file;
mod module;
mod needed;
mod providers;
mod syntax;
mod undeclared;
mod values;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub use dialect::is_tofu;
pub use examine::{Examination, examine};
pub use ignored_changes::ignored_changes;
pub use lock_file::{moved_providers, newer_providers, selected_providers, without_providers};
pub use module::{Content, Module, ModuleFile};
pub use needed::needed_to_destroy;
pub use values::{ModuleValues, values};

use crate::digest::sha256;
use crate::host::Host;
use crate::model::{Component, Dialect, Source, Template};
use crate::render::MARK;

/// Where a module is, and how its files are read.
type Reading = (Source, Option<Template>, Dialect);

/// The modules of one call. Each source is read once.
pub struct Modules<'a> {
    host: &'a dyn Host,
    read: BTreeMap<Reading, Result<Arc<Module>, String>>,
}

impl<'a> Modules<'a> {
    pub fn new(host: &'a dyn Host) -> Self {
        Self { host, read: BTreeMap::new() }
    }

    /// The module of a component. None if it has none, as a Salt step.
    pub fn of(&mut self, component: &Component) -> Option<Result<Arc<Module>, String>> {
        let source = component.source.as_ref()?;
        Some(self.get(source, component.template, component.dialect))
    }

    /// The error says what is wrong with the source, where, and what to do.
    pub fn get(
        &mut self,
        source: &Source,
        template: Option<Template>,
        dialect: Dialect,
    ) -> Result<Arc<Module>, String> {
        let host = self.host;
        let read = || module(source, template, dialect, host).map(Arc::new);
        self.read.entry((source.clone(), template, dialect)).or_insert_with(read).clone()
    }
}

/// The digest in the module's interface, computed without reading the configuration.
pub fn digest(source: &Source, template: Option<Template>, host: &dyn Host) -> Result<String, String> {
    Ok(digest_of(&files(source, template, host)?))
}

fn module(
    source: &Source,
    template: Option<Template>,
    dialect: Dialect,
    host: &dyn Host,
) -> Result<Module, String> {
    let files = files(source, template, host)?;
    let module = of_files(files, source.subdir(), dialect, &listing::name(source))?;
    syntax::with_room(|| children::check(source, &module.files))??;
    Ok(module)
}

fn files(source: &Source, template: Option<Template>, host: &dyn Host) -> Result<Vec<ModuleFile>, String> {
    let mut files = listing::list(source, host)?;
    let ours = our_backend(source.subdir());
    // A workdir can be a source. The backend file that Eos wrote there is not part of the module.
    files.retain(|file| file.path != ours || !is_our_backend(file));
    if template == Some(Template::Jinja) {
        render(&mut files, host)?;
    }
    Ok(files)
}

/// Reads a module that was written to a folder again. Its templates are already rendered.
pub fn laid_out(root: &Path, subdir: &str, dialect: Dialect) -> Result<Module, String> {
    of_files(listing::folder(root)?, subdir, dialect, &root.display().to_string())
}

fn of_files(
    mut files: Vec<ModuleFile>,
    subdir: &str,
    dialect: Dialect,
    name: &str,
) -> Result<Module, String> {
    dialect::mark(&mut files, dialect);
    if !document::in_folder(&files, subdir).any(|(_, file)| file.is_configuration) {
        return Err(format!("no {} file in {name}: check the folder", dialect::ends(dialect)));
    }
    let mut interface = syntax::with_room(|| interface::interface(&files, subdir))??;
    let ours = our_backend(subdir);
    // OpenTofu would read this one instead.
    let other = format!("{}.tofu", ours.strip_suffix(".tf").unwrap_or(&ours));
    let taken = files.iter().find(|file| file.is_configuration && (file.path == ours || file.path == other));
    if let Some(file) = taken.filter(|_| interface.own_backend.is_none()) {
        return Err(format!(
            "{} is reserved, because Eos writes the backend to {ours}: rename the module's file",
            file.path
        ));
    }
    interface.digest = digest_of(&files);
    Ok(Module { interface: Arc::new(interface), subdir: subdir.to_owned(), files })
}

fn our_backend(subdir: &str) -> String {
    if subdir.is_empty() { "backend.tf".to_owned() } else { format!("{subdir}/backend.tf") }
}

fn is_our_backend(file: &ModuleFile) -> bool {
    let Content::File(path) = &file.content else { return false };
    std::fs::read(path).is_ok_and(|text| text.starts_with(MARK.as_bytes()))
}

const TEMPLATES: [&str; 5] = [".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars"];

/// Renders only configuration and tfvars files: template files for Terraform stay unchanged.
fn render(files: &mut [ModuleFile], host: &dyn Host) -> Result<(), String> {
    for file in files.iter_mut().filter(|file| TEMPLATES.iter().any(|end| file.path.ends_with(end))) {
        if let Content::File(path) = &file.content {
            let text = host.render(path).map_err(|reason| format!("{}: {reason}", file.path))?;
            file.sha256 = sha256(&text);
            file.content = Content::Text(text);
        }
    }
    Ok(())
}

fn digest_of(files: &[ModuleFile]) -> String {
    let line = |file: &ModuleFile| format!("{} {} {}\n", file.sha256, u8::from(file.executable), file.path);
    sha256(files.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests;
