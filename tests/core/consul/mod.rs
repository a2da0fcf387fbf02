//! Claims about the Consul lock, with a real agent. Each test has its own keys.

mod acquiring;
mod bench;
mod fencing;
mod judged;
mod keeping;
mod listing;
mod losing;
mod refusing;
mod running;
mod sharing;
mod takeover;
mod tls;
mod torn;
