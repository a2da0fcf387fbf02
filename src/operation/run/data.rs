//! A destroy and the data of an environment: what would be lost is named before anything goes, and what the kept data
//! needs stays.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use crate::error::Code;
use crate::graph::Graph;
use crate::model::Name;
use crate::operation::component::data_at_risk::data_at_risk;
use crate::operation::session::Session;
use crate::report::{ComponentReport, Status};

/// The components with data that a confirmed destroy would take although policy says to ask first.
pub(super) async fn ask_first(session: &Session, graph: &Graph) -> BTreeSet<Name> {
    let names: Vec<Name> = graph.names().cloned().collect();
    let at_once = session.blueprint.settings.parallelism.get();
    let read = futures_util::stream::iter(names).map(async |name| {
        let data = data_at_risk(session, &name).await;
        (name, data)
    });
    let mut found: BTreeMap<Name, Vec<String>> = read.buffer_unordered(at_once).collect().await;
    found.retain(|_, data| !data.is_empty());
    if !found.is_empty() {
        let said: Vec<_> = found.iter().map(|(name, data)| format!("{name}: {}", data.join(", "))).collect();
        session.call.channel.note(&format!(
            "nothing is destroyed yet, because this would take what holds data ({}); saving the plans for \
             an approval",
            said.join("; ")
        ));
    }
    found.into_keys().collect()
}

/// Says to the other components what they wait for.
pub(super) fn tell(reports: &mut BTreeMap<Name, ComponentReport>, holding: &BTreeSet<Name>) {
    if holding.is_empty() {
        return;
    }
    let names: Vec<_> = holding.iter().map(Name::as_str).collect();
    for report in reports.values_mut().filter(|report| report.status == Status::Planned) {
        report.notes.push(format!("not destroyed: the data of {} waits for an approval", names.join(", ")));
    }
}

/// The components of this run that keep something.
pub(super) struct KeepingComponents<'a> {
    session: &'a Session,
    names: RefCell<BTreeSet<Name>>,
}

impl<'a> KeepingComponents<'a> {
    pub fn new(session: &'a Session) -> Self {
        Self { session, names: RefCell::default() }
    }

    /// The report of a component that stays as a whole: a component that keeps data reads its outputs.
    pub fn needed(&self, name: &Name) -> Option<ComponentReport> {
        let reads = |keeping: &Name| {
            let component = &self.session.blueprint.nodes[keeping].component;
            component.reads().any(|output| output.component == *name)
        };
        let needing = self.names.borrow().iter().find(|keeping| reads(keeping)).cloned()?;
        self.names.borrow_mut().insert(name.clone());
        let mut report = ComponentReport::new(Status::Unchanged, Code::NeededByData);
        report.notes.push(crate::words::words![
            "kept, because ",
            &needing,
            " keeps data and reads its outputs"
        ]);
        Some(report)
    }

    pub fn note(&self, name: &Name, report: &ComponentReport) {
        if !report.kept.is_empty() {
            self.names.borrow_mut().insert(name.clone());
        }
    }
}
