//! Whether the saved plans of a kept plan could be applied now.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::error::{Code, Error, Layer, Phase, Result};
use crate::model::{Draft, Name, Overrides};
use crate::operation::blueprint::prepared::{AppliedConfigurations, Destruction};
use crate::operation::blueprint::{given_for_plan, prepare};
use crate::operation::component::approval::CheckedPlan;
use crate::operation::request::answer::ReportBuilder;
use crate::operation::request::call::Call;
use crate::operation::run::as_applied;
use crate::operation::session::{JournalHandle, Session, driver};
use crate::operation::store::plan_contents::PlanContents;
use crate::operation::store::saved_plans::SavedPlans;
use crate::workdir::Layout;

/// The one time limit of all comparisons. Each may start terraform and read secrets.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether the plan of one component could be applied now.
pub enum Verdict {
    Applicable,
    /// In words: what changed since it was made. An apply plans it again, and applies only the same changes.
    PlannedAgain(Vec<String>),
    NeedsApproval(Vec<String>),
    Refused(Error),
    /// It could not be examined.
    Unknown(Error),
}

impl Verdict {
    fn of(checked: Result<CheckedPlan>) -> Self {
        match checked {
            Ok(CheckedPlan { waits: true, moved }) => Self::NeedsApproval(moved),
            Ok(CheckedPlan { moved, .. }) if moved.is_empty() => Self::Applicable,
            Ok(CheckedPlan { moved, .. }) => Self::PlannedAgain(moved),
            Err(error) if error.code.refuses_a_plan() => Self::Refused(error),
            Err(error) => Self::Unknown(error),
        }
    }

    /// Hides every secret that this call has read.
    fn hidden(mut self, builder: &ReportBuilder) -> Self {
        if let Self::Refused(error) | Self::Unknown(error) = &mut self {
            builder.secrets.error(error);
        }
        self
    }
}

/// Compares each saved plan with today's facts, as an apply does first. It takes no lock and changes nothing.
pub fn verdicts(
    call: &Call<'_>,
    builder: &ReportBuilder,
    draft: &Draft,
    (plans, contents): (&SavedPlans, &PlanContents),
    saved: &BTreeSet<Name>,
) -> BTreeMap<Name, Verdict> {
    if saved.is_empty() {
        return BTreeMap::new();
    }
    let compared = compared(call, builder, draft, (plans, contents), saved);
    // A destroy may lay out an earlier module for the comparison.
    if let Ok(layout) = Layout::new(&draft.settings.root, &draft.environment) {
        layout.remove_run(&builder.run_id);
    }
    let each =
        |error: Error| saved.iter().map(|name| (name.clone(), Verdict::of(Err(error.clone())))).collect();
    let verdicts: BTreeMap<_, _> = compared.unwrap_or_else(each);
    verdicts.into_iter().map(|(name, verdict)| (name, verdict.hidden(builder))).collect()
}

fn compared(
    call: &Call<'_>,
    builder: &ReportBuilder,
    draft: &Draft,
    (plans, contents): (&SavedPlans, &PlanContents),
    saved: &BTreeSet<Name>,
) -> Result<BTreeMap<Name, Verdict>> {
    let until = Instant::now() + LIMIT;
    let environment = &draft.environment;
    let given = given_for_plan(&call.request, environment, &plans.plan_id(), &Overrides::default())?;
    // A destroy can be applied although a module is broken.
    let destruction = Destruction { run_id: &builder.run_id, named: None };
    let past = AppliedConfigurations { gone: None, broken: contents.destroy.then_some(destruction) };
    let prepared = prepare(call, environment, &given, Vec::new(), past)?;
    contents.planned(&prepared.blueprint, None)?;
    let (plans, saved) = (plans.clone(), saved.clone());
    let journal = JournalHandle::default();
    driver::in_session(call, builder, prepared, journal, &BTreeSet::new(), async move |session: &Session| {
        let parallelism = session.blueprint.settings.parallelism.get();
        let plans = &plans;
        let check = async |name: Name| as_applied::check(session, plans.of(&name)).await;
        Ok(within(until, saved, parallelism, check).await)
    })
}

/// The verdict on each plan. What is not examined in time is unknown.
async fn within(
    until: Instant,
    saved: BTreeSet<Name>,
    parallelism: usize,
    check: impl AsyncFn(Name) -> Result<CheckedPlan>,
) -> BTreeMap<Name, Verdict> {
    let late = |name: &Name| (name.clone(), Verdict::Unknown(not_in_time()));
    let mut verdicts: BTreeMap<_, _> = saved.iter().map(late).collect();
    let check = &check;
    let checks = stream::iter(saved).map(async |name: Name| (name.clone(), check(name).await));
    let mut checks = std::pin::pin!(checks.buffer_unordered(parallelism));
    while Instant::now() < until {
        let Ok(Some((name, checked))) = timeout_at(until, checks.next()).await else { break };
        verdicts.insert(name, Verdict::of(checked));
    }
    verdicts
}

fn not_in_time() -> Error {
    let message = format!(
        "it was not compared with today's state within the time limit of {}",
        humantime::format_duration(LIMIT)
    );
    let remedy = "an apply compares it without this limit, before it changes anything";
    Error::new(Layer::Salt, Phase::Planning, Code::Timeout, message, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_examined_in_time_is_unknown_and_the_rest_is_told() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let saved = ["a", "hangs", "z"].map(|name| Name::new(name).unwrap());
        let check = async |name: Name| match name.as_str() {
            "hangs" => std::future::pending().await,
            name => Ok(CheckedPlan { waits: name == "z", ..CheckedPlan::default() }),
        };
        let verdicts = runtime.block_on(async {
            within(Instant::now() + Duration::from_secs(1), saved.into(), 2, check).await
        });
        let of = |name: &str| &verdicts[&Name::new(name).unwrap()];
        assert!(matches!(of("a"), Verdict::Applicable) && matches!(of("z"), Verdict::NeedsApproval(_)));
        let Verdict::Unknown(error) = of("hangs") else { panic!("it is known") };
        assert!(error.code == Code::Timeout && error.message.to_string().contains("limit of 5s"), "{error}");
    }
}
