//! Ports for the servers of the tests.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::ops::Range;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Mutex;

/// Below the ephemeral ports of the system and the ports that Nomad gives to its tasks. An ephemeral port can be taken
/// by any connection before its server listens.
const RANGE: Range<u16> = 15000..20000;

/// A port on which nobody listens, and that no other test on this machine gets.
pub fn free_port() -> u16 {
    /// They end with this process.
    static MARKS: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    let size = RANGE.len() as u64;
    let first = RandomState::new().hash_one(0) % size;
    for offset in 0..size {
        let port = RANGE.start + u16::try_from((first + offset) % size).unwrap();
        // An abstract socket with this name marks the port as taken. The tests of Salt use the same names.
        let name = SocketAddr::from_abstract_name(format!("eos-test-port-{port}")).unwrap();
        let Ok(mark) = UnixListener::bind_addr(&name) else { continue };
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            MARKS.lock().unwrap().push(mark);
            return port;
        }
    }
    panic!("no port is free");
}

pub fn free_ports<const N: usize>() -> [u16; N] {
    [(); N].map(|()| free_port())
}
