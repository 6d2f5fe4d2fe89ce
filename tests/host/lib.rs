//! Tests that run on the host.
