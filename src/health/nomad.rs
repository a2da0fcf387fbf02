//! One look at a job of Nomad's.

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

/// A server that is away may be back; what a token may not do, it may not do later.
pub fn unseen(follow: &Follow, trouble: &Trouble) -> Miss {
    let (did, outlook) = match trouble {
        Trouble::Denied(_) => ("does not allow this", Outlook::Never(Never::Denied)),
        _ => ("did not answer", Outlook::Unseen),
    };
    let what = format!("the Nomad at {} {did}", follow.nomad.address);
    Miss { what, why: Some(trouble.text().to_owned()), outlook }
}
