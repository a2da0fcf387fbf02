//! The data of a deleted service: who else uses them, and how they are removed for good.
//!
//! Knows what can be removed where. Must not know entries of the pillar, and when the service is destroyed.
//! In: the names of the data. Out: for each what became of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::entry_change::argument;
use crate::error::{Error, Phase, Result};
use crate::model::{self, Draft, LeftData, Name, NomadServer, Overrides, PurgedKeys, VaultPath};
use crate::nomad::NomadClient;
use crate::operation::exec::servers;
use crate::operation::query::inspect::inspect;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::operation::session::Session;
use crate::record::LeftBehind;

/// What became of it.
pub(super) struct PurgedData {
    data: LeftData,
    fate: Fate,
}

enum Fate {
    Kept,
    Removed(Option<&'static str>),
    /// Eos cannot remove it.
    ForAPerson(&'static str),
    Failed(Error),
}

impl PurgedData {
    pub fn shown(&self) -> Value {
        let mut shown = json!(self.data);
        shown["what"] = self.data.words().into();
        shown["removed"] = matches!(self.fate, Fate::Removed(_)).into();
        let note = match &self.fate {
            Fate::Kept => None,
            Fate::Removed(note) => note.map(str::to_owned),
            Fate::ForAPerson(how) => Some((*how).to_owned()),
            Fate::Failed(error) => Some(error.message.to_string()),
        };
        shown["note"] = note.into();
        shown
    }

    pub fn error(&self) -> Option<&Error> {
        match &self.fate {
            Fate::Failed(error) => Some(error),
            Fate::Kept | Fate::Removed(_) | Fate::ForAPerson(_) => None,
        }
    }
}

/// All that a component would leave.
pub(super) fn left_behind(draft: &Draft, component: &Name) -> LeftBehind {
    let Some(component) = draft.components.get(component) else { return LeftBehind::default() };
    let NomadServer { namespace, region, .. } = servers::nomad_settings(&draft.settings, component);
    LeftBehind { namespace, region, data: LeftData::of(component) }
}

pub(super) fn kept(left: &LeftBehind) -> Vec<PurgedData> {
    left.data.iter().map(|data| PurgedData { data: data.clone(), fate: Fate::Kept }).collect()
}

/// Refuses to remove what another component of any environment uses.
pub(super) fn refuse_shared(infrastructure: &Value, own: (&Name, &Name), left: &LeftBehind) -> Result<()> {
    let environments = infrastructure["environments"].as_object().into_iter().flatten();
    for (environment, _) in environments {
        let (draft, _) = model::read(infrastructure, environment, &Overrides::default());
        for other in draft.iter().flat_map(|draft| draft.components.values()) {
            if (environment.as_str(), &other.name) == (own.0.as_str(), own.1) {
                continue;
            }
            if let Some(shared) = left.data.iter().find(|data| data.is_shared_with(other)) {
                let name = &other.name;
                let message =
                    format!("would remove {}, which {name} of {environment} uses too", shared.words());
                return Err(argument("purge_data", message));
            }
        }
    }
    Ok(())
}

pub(super) fn purge(
    call: &Call<'_>,
    builder: &ReportBuilder,
    environment: &Name,
    left: &LeftBehind,
) -> Result<Vec<PurgedData>> {
    let question = Question {
        environment: environment.clone(),
        components: Some(BTreeSet::new()),
        problems: Vec::new(),
    };
    inspect(call, builder, question, async |inspection| {
        let mut purged = Vec::new();
        for data in &left.data {
            let fate = removed(inspection.session, left, data).await.unwrap_or_else(Fate::Failed);
            purged.push(PurgedData { data: data.clone(), fate });
        }
        Ok(purged)
    })
}

async fn removed(session: &Session, left: &LeftBehind, data: &LeftData) -> Result<Fate> {
    match data {
        LeftData::Secrets { path, keys } => {
            let path = VaultPath::new(path).map_err(|why| argument("purge_data", why))?;
            let purged = session.call.secrets.vault().await?.purge(&path, keys).await?;
            Ok(Fate::Removed(match purged {
                PurgedKeys::Path | PurgedKeys::Keys { are_in_versions: false } => None,
                PurgedKeys::Nothing => Some("it was not there any more"),
                PurgedKeys::Keys { are_in_versions: true } => {
                    Some("the path has other keys too, so its earlier versions stay, with the removed values")
                }
            }))
        }
        LeftData::HostVolume { name } => {
            let nomad = nomad(session, left).await?;
            let explain = |error: crate::nomad::NomadError| error.explain(&nomad.address, Phase::Application);
            let volumes = nomad.host_volumes(name).await.map_err(explain)?;
            for volume in &volumes {
                nomad.delete_host_volume(volume).await.map_err(explain)?;
            }
            Ok(match volumes.is_empty() {
                true => Fate::ForAPerson(
                    "Nomad has made no volume of this name: it is in the configuration of its clients, where a \
                     person removes it",
                ),
                false => Fate::Removed(None),
            })
        }
        LeftData::CsiVolume { .. } => {
            Ok(Fate::ForAPerson("a person has registered it, and removes it with nomad volume delete"))
        }
        LeftData::Folder { .. } => {
            Ok(Fate::ForAPerson("Nomad does not remove folders of its clients: a person does that"))
        }
    }
}

/// The Nomad that had the job.
async fn nomad(session: &Session, left: &LeftBehind) -> Result<NomadClient> {
    let settings = &session.blueprint.settings.nomad;
    let token = match &settings.token {
        Some(token) => Some(session.call.reading().read(token).await?),
        None => None,
    };
    let region = left.region.clone().or_else(|| settings.region.clone());
    NomadClient::open(&NomadServer { namespace: left.namespace.clone(), region, ..settings.clone() }, token)
}
