//! Claims about the values of a module's variables, with a real terraform and without Salt.

mod ephemeral;
mod lacking;
mod nulls;
mod paths;
mod references;
