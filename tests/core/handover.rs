//! Measures how long a waiting run needs to get a lock after its release: median and maximum in milliseconds, one line
//! for each kind of lock.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use eos::lock::{Holder, LockService};
use eos::model::{ConsulLock, LockSettings, Tls};
use eos::process::Cancel;

use crate::support::server::Server;

const ROUNDS: u64 = 50;

#[test]
#[ignore = "make bench"]
fn a_lock_passes_to_the_next_run_as_fast_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    show("file", &LockSettings::File, folder.path());
    match Server::consul() {
        None => println!("handover consul none"),
        Some(consul) => {
            let lock = LockSettings::Consul(Box::new(ConsulLock {
                address: format!("http://127.0.0.1:{}", consul.port),
                token: None,
                ttl: Duration::from_secs(30),
                lock_delay: Duration::from_secs(15),
                prefix: "handover".to_owned(),
                tls: Tls::default(),
            }));
            show("consul", &lock, folder.path());
        }
    }
}

fn show(name: &str, lock: &LockSettings, folder: &Path) {
    let mut took: Vec<f64> = (0..ROUNDS).map(|round| handover(lock, folder, round)).collect();
    took.sort_by(f64::total_cmp);
    println!("handover {name} {:.2} {:.2}", took[took.len() / 2], took[took.len() - 1]);
}

/// One run releases the lock while another waits. Each has its own runtime and, under Consul's lock, its own host.
fn handover(lock: &LockSettings, folder: &Path, round: u64) -> f64 {
    let path = |side: &str| {
        folder.join(if *lock == LockSettings::File { "lock".to_owned() } else { format!("lock-{side}") })
    };
    let take = |side: &str| {
        let holder = Holder {
            run_id: format!("{side}-{round}"),
            environment: "bench".to_owned(),
            component: "net".to_owned(),
            ..Holder::here()
        };
        let service = LockService::open(lock, None).unwrap();
        let path = path(side);
        async move { service.acquire(&path, &holder, Duration::from_secs(60), &Cancel::new()).await.unwrap() }
    };
    let (told, held) = mpsc::channel();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            run(async {
                let guard = take("first").await;
                told.send(()).unwrap();
                // The other run waits by now. The sleep varies, so that it is not in step with the other's attempts.
                tokio::time::sleep(Duration::from_millis(150 + round * 7 % 40)).await;
                let let_go = Instant::now();
                guard.release().await.unwrap();
                let_go
            })
        });
        held.recv().unwrap();
        let taken = run(async {
            let guard = take("second").await;
            let taken = Instant::now();
            guard.release().await.unwrap();
            taken
        });
        let let_go = first.join().unwrap();
        taken.saturating_duration_since(let_go).as_secs_f64() * 1000.0
    })
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
