//! What an attacker would try, tried: each attack is sent to the real binary, and the shop must refuse it and be the
//! same afterwards. What needs a browser stands in end2end/specs/security.spec.ts.

mod addresses;
mod bodies;
mod caches;
pub(crate) mod framing;
mod headers;
mod market;
mod others;
mod paths;
mod script;
mod sessions;
mod sites;
mod slowness;
