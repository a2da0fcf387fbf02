//! Asks Salt where Eos runs, and pings the minions that the pillar names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::deadline::Deadline;
use super::questions::Questions;
use crate::decide::layers::{LayerReport, MinionsFacts, SaltFacts, SaltPlace, salt};
use crate::error::{Code, Error, Layer, Phase, Result};
use crate::host::{MinionReturn, SaltJob};
use crate::model::MinionTarget;
use crate::operation::request::call::CallPlace;

/// Time between two looks for the answers of one target.
const POLL: Duration = Duration::from_millis(100);
/// With more targets, each is looked at less often: one thread asks Salt for all of them.
const TARGETS: usize = 10;
/// What names the minion of the argument `minion`.
const ARGUMENT: &str = "minion=";

pub async fn ask(questions: &Questions<'_>) -> LayerReport {
    let place = match &questions.identity.place {
        CallPlace::Master { .. } => SaltPlace::Master,
        CallPlace::Minion(_) => SaltPlace::Minion,
        CallPlace::Masterless(_) => SaltPlace::Masterless,
    };
    let steps = questions.usage.minions.iter().map(|((kind, pattern), used_by)| {
        (MinionTarget { kind, pattern: pattern.clone() }, used_by.clone(), true)
    });
    let eos_is_needed =
        |target: &MinionTarget| questions.usage.eos_minions.contains(&(target.kind, target.pattern.clone()));
    let named = match &questions.identity.place {
        CallPlace::Master { pillar_of: Some(minion) } => {
            let target = MinionTarget { kind: "list", pattern: minion.clone() };
            Some((target, BTreeSet::from([ARGUMENT.to_owned()]), false))
        }
        _ => None,
    };
    let targets: Vec<_> = steps.chain(named).collect();
    let pause = POLL * u32::try_from(targets.len().div_ceil(TARGETS)).unwrap_or(1);
    let minions = targets.into_iter().map(async |(target, used_by, works_there)| {
        let returned = ask_minions(questions, &target, pause).await;
        let eos = match (&returned, questions.examines) {
            (Ok(returned), true) => returned.iter().filter_map(version_of_eos).collect(),
            _ => BTreeMap::new(),
        };
        MinionsFacts {
            needs_eos: eos_is_needed(&target),
            answered: returned
                .map(|all| all.into_iter().map(|(minion, returned)| (minion, returned.is_some())).collect()),
            target: target.pattern,
            target_type: target.kind.to_owned(),
            used_by,
            works_there,
            eos,
        }
    });
    salt(SaltFacts {
        version: questions.identity.salt_version.clone(),
        place,
        has_master: questions.channel.has_master().await,
        minions: join_all(minions).await,
    })
}

/// The version of Eos in a minion's answer. None if the minion did not answer the question for its versions.
fn version_of_eos((minion, returned): (&String, &Option<MinionReturn>)) -> Option<(String, Option<String>)> {
    let versions = returned.as_ref().filter(|one| one.retcode == 0)?.value.as_object()?;
    // A minion without extensions leaves the key out.
    let found = versions.get("Salt Extensions").and_then(|all| all["saltext-eos"].as_str());
    Some((minion.clone(), found.map(str::to_owned)))
}

/// Which minions match, and what each has answered; None if it does not answer.
async fn ask_minions(
    questions: &Questions<'_>,
    target: &MinionTarget,
    pause: Duration,
) -> Result<BTreeMap<String, Option<MinionReturn>>> {
    let failed = |reason: String| {
        let message = format!("the minions of {:?} could not be asked: {reason}", target.pattern);
        let remedy = "start salt-master, or correct the target";
        Error::new(Layer::Salt, Phase::Verification, Code::MinionsAway, message, remedy)
    };
    let job = if questions.examines { SaltJob::versions(target) } else { SaltJob::ping(target) };
    let started = questions.deadline.within(questions.channel.start(job)).await;
    let started = started.unwrap_or_else(|| Err(Deadline::missed())).map_err(failed)?;
    let mut answered: BTreeMap<_, _> = started.minions.iter().map(|minion| (minion.clone(), None)).collect();
    while answered.values().any(Option::is_none) {
        let Some(returned) = questions.deadline.within(questions.channel.poll(&started.jid)).await else {
            break;
        };
        for (minion, returned) in returned.map_err(failed)? {
            answered.entry(minion).and_modify(|answer| *answer = Some(returned));
        }
        if questions.deadline.within(tokio::time::sleep(pause)).await.is_none() {
            break;
        }
    }
    Ok(answered)
}
