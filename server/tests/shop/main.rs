//! The real binary, asked over HTTP as clients do, by the contract with them.

mod accounts;
mod attacks;
mod caching;
mod commands;
mod description;
mod draws;
mod edges;
mod express;
mod hardship;
mod heat;
mod kills;
mod logs;
mod machines;
mod merchants;
mod overload;
mod pictures;
mod plan_b;
mod policies;
mod restart;
mod sale_from_start_to_paid;
mod support;
mod tricks;
mod upkeep;
