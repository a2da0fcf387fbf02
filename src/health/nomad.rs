//! One look at a Nomad job.

use super::answer::{FailedMeasurement, FinalReason, NoConnection, Outlook};
use crate::nomad::{DeploymentWatch, JobHealth, NomadError};

pub async fn ask(follow: &DeploymentWatch) -> Result<String, FailedMeasurement> {
    let miss = |what: String, outlook| Err(FailedMeasurement { what, why: None, outlook });
    match follow.look().await {
        JobHealth::Passing(said) => Ok(said),
        JobHealth::Waiting(said, more) => miss(said, Outlook::UnderWay(more)),
        JobHealth::Failed(said) => miss(said, Outlook::Never(FinalReason::Failed)),
        JobHealth::Stopped(said) => miss(said, Outlook::Never(FinalReason::Stopped)),
        JobHealth::Superseded(said) => miss(said, Outlook::Never(FinalReason::Superseded)),
        JobHealth::AwaitingPromotion(said) => miss(said, Outlook::Never(FinalReason::AwaitingPromotion)),
        JobHealth::Unseen(error) => Err(unseen(follow, &error)),
    }
}

/// The miss for a Nomad that gave no answer. A server may come back, but a token will not get more rights.
pub fn unseen(follow: &DeploymentWatch, error: &NomadError) -> FailedMeasurement {
    let (did, outlook) = match error {
        NomadError::Denied(_) => ("denies access", Outlook::Never(FinalReason::Denied)),
        NomadError::Unreachable(unavailable) => {
            let reason = NoConnection::of("infrastructure:settings:nomad", unavailable);
            ("did not answer", Outlook::Unseen(reason))
        }
        _ => ("did not answer", Outlook::Unseen(None)),
    };
    let what = format!("the Nomad at {} {did}", follow.nomad.address);
    FailedMeasurement { what, why: Some(error.text().to_owned()), outlook }
}
