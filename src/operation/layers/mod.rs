//! Asks all layers below an environment at the same time, and reports how they are.
//!
//! Changes nothing, takes no lock, and needs neither a usable terraform nor readable modules: what is missing is the
//! answer. Each file asks about one layer; `src/decide/layers` judges the answers.

mod at_most;
mod backend;
mod consul;
mod deadline;
mod needs;
mod nomad;
mod questions;
mod salt;
mod secrets;
mod terraform;
mod usage;
mod vault;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::join;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::deadline::Deadline;
use self::questions::Questions;
use self::secrets::LayerSecrets;
use self::usage::Usage;
use crate::change::Redactor;
use crate::decide::layers::{LayerReport, LayerStatus};
use crate::error::Result;
use crate::model::{Draft, Name};
use crate::operation::blueprint::prepared::Prepared;
use crate::operation::blueprint::{draft, today};
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::request::question::Question;
use crate::operation::session::driver;
use crate::report::Report;
use crate::workdir::Layout;

/// Each layer by its name.
pub struct Layers(BTreeMap<&'static str, LayerReport>);

/// The answer to a question, with the layers if the call wants them. The report has the layers also if the question
/// has no answer, for example because terraform is missing.
pub fn beside(
    wanted: bool,
    call: &Call<'_>,
    builder: ReportBuilder,
    question: Question,
    answer: impl FnOnce(ReportBuilder, Question) -> Report,
) -> Report {
    if !wanted || !question.problems.is_empty() {
        return answer(builder, question);
    }
    match ask(call, &builder, &question.environment) {
        Ok(layers) => layers.add_to(answer(builder, question)),
        Err(error) => builder.failed(error),
    }
}

/// Asks every layer that the environment uses. An error only if the pillar cannot be read.
fn ask(call: &Call<'_>, builder: &ReportBuilder, environment: &Name) -> Result<Layers> {
    let (subject, _) = Subject::of(call, draft(&call.request, environment)?);
    let mut all = of_subjects(call, builder, &[subject], false)?;
    // One subject has one answer.
    Ok(all.pop().unwrap_or_else(|| Layers(BTreeMap::new())))
}

/// One environment whose layers are asked.
pub struct Subject {
    pub draft: Draft,
    usage: Usage,
}

impl Subject {
    /// The modules say which components need Nomad. If they cannot be read, the pillar alone says it, and the error says
    /// why.
    pub fn of(call: &Call<'_>, draft: Draft) -> (Self, Result<Prepared>) {
        let prepared = today(call, &draft.environment, Vec::new());
        let nodes = prepared.as_ref().ok().map(|prepared| &prepared.blueprint.nodes);
        let usage = Usage::of(&draft, |name| nodes?.get(name).map(|node| &*node.interface));
        (Self { draft, usage }, prepared)
    }
}

/// Asks the layers of all these environments at the same time, with one time limit. The answers are in the same order.
/// `examines`: also asks for rights, clocks and versions.
pub fn of_subjects(
    call: &Call<'_>,
    builder: &ReportBuilder,
    subjects: &[Subject],
    examines: bool,
) -> Result<Vec<Layers>> {
    let Some(first) = subjects.first() else { return Ok(Vec::new()) };
    let identity = &call.request.identity;
    let mut all =
        driver::with_host(call, builder, &first.draft.environment, async move |channel, cancel| {
            let deadline = &Deadline::new(cancel);
            let pulls = &Semaphore::new(first.draft.settings.parallelism.get());
            let (run_id, channel) = (builder.run_id.as_str(), &channel);
            let answers = subjects.iter().map(async |Subject { draft, usage }| {
                let secrets = &LayerSecrets::new(draft.settings.vault.as_ref(), channel, &builder.secrets);
                let questions =
                    Questions { draft, usage, secrets, deadline, channel, identity, run_id, examines, pulls };
                let answers = AssertUnwindSafe(of_environment(&questions)).catch_unwind().await;
                builder.leaves(secrets.close().await);
                if let Ok(layout) = Layout::new(&draft.settings.root, &draft.environment) {
                    layout.remove_run(run_id);
                }
                answers
            });
            let answers = join_all(answers).await;
            answers
                .into_iter()
                .map(|one| one.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Vec<_>>()
        })?;
    all.iter_mut().for_each(|layers| layers.redact(&builder.secrets));
    Ok(all)
}

async fn of_environment(questions: &Questions<'_>) -> Layers {
    let (salt, terraform, nomad, consul, vault) = join!(
        timed(salt::ask(questions)),
        timed(terraform::ask(questions)),
        timed(nomad::ask(questions)),
        timed(consul::ask(questions)),
        timed(vault::ask(questions)),
    );
    Layers(BTreeMap::from([
        ("salt", salt),
        ("terraform", terraform),
        ("nomad", nomad),
        ("consul", consul),
        ("vault", vault),
    ]))
}

async fn timed(question: impl Future<Output = LayerReport>) -> LayerReport {
    let began = Instant::now();
    let report = question.await;
    LayerReport { duration: began.elapsed().as_secs_f64(), ..report }
}

impl Layers {
    /// A secret that one layer read may be in the answer of another.
    fn redact(&mut self, secrets: &Redactor) {
        for layer in self.0.values_mut() {
            secrets.words(&mut layer.summary);
            layer.faults.iter_mut().for_each(|fault| secrets.error(&mut fault.error));
            layer.lines.iter_mut().for_each(|line| secrets.words(&mut line.said));
            layer.facts.values_mut().for_each(|fact| secrets.gathered(fact));
        }
    }

    /// Each layer with its name, in the order of the names.
    pub fn into_each(self) -> impl Iterator<Item = (&'static str, LayerReport)> {
        self.0.into_iter()
    }

    /// The report with the layers. Its result is false if one of them is unhealthy.
    pub fn add_to(self, mut report: Report) -> Report {
        if self.0.values().any(|layer| layer.status == LayerStatus::Unhealthy) {
            report.result = Some(false);
        }
        let layers: BTreeMap<_, Value> =
            self.0.into_iter().map(|(name, layer)| (name, json!(layer))).collect();
        report.extra.insert("layers".to_owned(), json!(layers));
        report
    }
}
