//! The engine that runs on a machine: it is used first, and the tests leave nothing there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::stage::Stage;
use crate::support::engine::Engine;
use crate::support::waiting::until;
use crate::support::{again, statuses};

/// The images of all containers, and all images.
fn images(host: &Engine) -> String {
    let containers = host.docker(&["ps", "--all", "--format", "{{.Image}}"]);
    containers + &host.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"])
}

/// Makes an image and a container. Returns the name of the image.
fn made(engine: &Engine) -> String {
    let image = engine.image("guest:1", &["sleep"]);
    engine.docker(&["run", "--detach", &image]);
    image
}

/// What `tests/servers/get engine` prints if the setting of Docker is this socket.
fn found(socket: &Path) -> String {
    let get = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/get");
    let host = format!("unix://{}", socket.display());
    let got = Command::new(get).arg("engine").env("DOCKER_HOST", host).output().unwrap();
    String::from_utf8(got.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn an_engine_that_runs_is_found_before_one_that_would_have_to_be_started() {
    let Some(stage) = Stage::apart() else { return };
    let socket = stage.harbour.engine.socket();
    assert_eq!(found(socket), socket.to_str().unwrap());
    assert!(found(Path::new("/nowhere.sock")).ends_with("/dockerd"));
}

#[test]
fn nothing_of_the_tests_is_left_in_an_engine_of_others_also_if_they_are_killed() {
    let Some(stage) = Stage::apart() else { return };
    let host = &stage.harbour.engine;
    let theirs = made(host);
    let both = |image: &str| images(host).matches(image).count() == 2;
    let engine = Engine::of_others(host.socket()).unwrap();
    let image = made(&engine);
    assert!(both(&image), "{}", images(host));
    drop(engine);
    assert!(!images(host).contains(&image) && both(&theirs), "{}", images(host));

    let mut killed = again(a_guest_that_is_killed);
    let killed = killed.arg("--nocapture").env("ENGINE_OF_OTHERS", host.socket()).stdout(Stdio::piped());
    let mut killed = killed.spawn().unwrap();
    let lines = BufReader::new(killed.stdout.take().unwrap()).lines().map_while(Result::ok);
    let image = lines.filter_map(|line| Some(line.strip_prefix("made ")?.to_owned())).next().unwrap();
    assert!(both(&image), "{}", images(host));
    killed.kill().unwrap();
    killed.wait().unwrap();
    until("nothing is left", || (!images(host).contains(&image)).then_some(()));
    assert!(both(&theirs), "{}", images(host));
    for one in host.docker(&["ps", "--quiet", "--filter", &format!("ancestor={theirs}")]).lines() {
        host.docker(&["rm", "--force", one]);
    }
}

#[test]
#[ignore = "is killed by the test above"]
fn a_guest_that_is_killed() {
    let socket = std::env::var_os("ENGINE_OF_OTHERS").unwrap();
    let engine = Engine::of_others(Path::new(&socket)).unwrap();
    println!("made {}", made(&engine));
    std::thread::park();
}

#[test]
#[ignore = "make matrix-services"]
fn a_service_runs_on_an_engine_of_others_and_nothing_of_it_is_left_there() {
    let Some(own) = Stage::apart() else { return };
    let host = &own.harbour.engine;
    let mut stage = Stage::on_engine(Engine::of_others(host.socket()).unwrap()).unwrap();
    let own_names = stage.harbour.engine.named("");
    stage.service("guest", &["serve", "one"]);
    assert_eq!(statuses(&stage.orchestrated())["nomad-guest"], "applied");
    assert_eq!(stage.answer("guest", "/"), "one");
    assert!(images(host).contains(&own_names), "{}", images(host));
    // It ends without `destroy`, as a test that failed.
    drop(stage);
    assert!(!images(host).contains(&own_names), "{}", images(host));
}
