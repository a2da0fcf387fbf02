//! One look at a Nomad job.

use super::answer::{Miss, Never, Outlook};
use crate::nomad::{Follow, Found, Trouble};

pub async fn ask(follow: &Follow) -> Result<String, Miss> {
    let miss = |what: String, outlook| Err(Miss { what, why: None, outlook });
    match follow.look().await {
        Found::Passing(said) => Ok(said),
        Found::Waiting(said, more) => miss(said, Outlook::UnderWay(more)),
        Found::Failed(said) => miss(said, Outlook::Never(Never::Failed)),
        Found::Stopped(said) => miss(said, Outlook::Never(Never::Stopped)),
        Found::Superseded(said) => miss(said, Outlook::Never(Never::Superseded)),
        Found::AwaitingPromotion(said) => miss(said, Outlook::Never(Never::AwaitingPromotion)),
        Found::Unseen(trouble) => Err(unseen(follow, &trouble)),
    }
}

/// The miss for a Nomad that gave no answer. A server may come back, but a token will not get more rights.
pub fn unseen(follow: &Follow, trouble: &Trouble) -> Miss {
    let (did, outlook) = match trouble {
        Trouble::Denied(_) => ("denies access", Outlook::Never(Never::Denied)),
        _ => ("did not answer", Outlook::Unseen),
    };
    let what = format!("the Nomad at {} {did}", follow.nomad.address);
    Miss { what, why: Some(trouble.text().to_owned()), outlook }
}
