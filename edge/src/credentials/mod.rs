//! The object that has the deployment's access tokens.

mod google;
mod object;

pub use object::CredentialsDo;
