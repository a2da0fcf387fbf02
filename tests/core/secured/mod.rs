//! Claims about servers that deny everything without a token and speak only TLS: the rights that the documentation
//! names are enough, and none of them is too much.

mod bench;
mod more;
mod refused;
mod rights;
mod story;
