//! The list of held locks, and freeing a lock by force.

use std::time::Duration;

use eos::error::Code;
use eos::lock::{Holder, LockState, LostReason};
use eos::process::Cancel;

use super::bench::{Bench, LOCK_FLAG, holder, run, until};

#[test]
fn a_list_of_locks_shows_holder_and_time_and_nothing_else() {
    let Some(bench) = Bench::new("list") else { return };
    run(async {
        let consul = bench.consul();
        assert_eq!(consul.list(None).await.unwrap(), []);
        let guard = bench.take("one", 0).await.unwrap();
        guard.write("record", b"{}").await.unwrap();
        let other = Holder { environment: "production".into(), component: "app".into(), ..holder("two") };
        let second = consul.acquire(&other, Duration::ZERO, &Cancel::new()).await.unwrap();
        let listed = consul.list(None).await.unwrap();
        let held: Vec<_> =
            listed.iter().map(|one| (one.environment.as_str(), one.component.as_str())).collect();
        assert_eq!(held, [("production", "app"), ("staging", "net")]);
        let one = &consul.list(Some("staging")).await.unwrap()[0];
        assert_eq!((one.key.as_str(), Some(one.id.clone())), (bench.key().as_str(), bench.session()));
        assert_eq!(one.holder.run_id, "one");
        assert!(humantime::parse_rfc3339(&one.holder.since).is_ok());
        // An environment whose name begins with the same letters is another one.
        assert_eq!(consul.list(Some("stag")).await.unwrap(), []);
        guard.release().await.unwrap();
        second.release().await.unwrap();
        assert_eq!(consul.list(None).await.unwrap(), []);
    });
}

#[test]
fn a_lock_is_released_by_force_only_with_the_id_of_its_session() {
    let Some(bench) = Bench::new("unlock") else { return };
    let bench = bench.lock_delay(1);
    run(async {
        let consul = bench.consul();
        let by = Holder { operation: "unlock".into(), ..holder("operator") };
        let guard = bench.take("01FIRST", 0).await.unwrap();
        let session = bench.session().unwrap();
        let before = bench.entry();
        for id in ["", "another", "../../../kv/x"] {
            let error = consul.unlock(&by, id).await.unwrap_err();
            assert_eq!(error.code, Code::NotThatLock);
            assert!(error.message.contains("01FIRST") && error.message.contains(&session), "{error}");
        }
        assert_eq!(bench.entry(), before);

        assert_eq!(consul.unlock(&by, &session).await.unwrap().run_id, "01FIRST");
        let entry = bench.entry();
        assert_eq!((entry["Session"].as_str(), entry["Flags"].as_u64()), (None, Some(LOCK_FLAG)));
        assert_eq!(entry["CreateIndex"], before["CreateIndex"], "the key was never deleted");
        let value = bench.value();
        assert_eq!(
            (value["run_id"].as_str(), value["Operation"].as_str()),
            (Some("operator"), Some("unlock"))
        );
        assert!(value["Info"].as_str().unwrap().contains("01FIRST"), "{value}");

        // A former holder that is still alive does not take the lock back.
        guard.lost().await;
        assert_eq!(guard.state(), LockState::Lost(LostReason::Freed));
        assert_eq!(consul.unlock(&by, &session).await.unwrap_err().code, Code::NotThatLock);
        let next = bench.take("two", 60).await.unwrap();
        assert_eq!(consul.unlock(&by, &session).await.unwrap_err().code, Code::NotThatLock);
        until("the first one's session is gone", || bench.sessions().len() == 1).await;
        next.release().await.unwrap();
    });
}
