//! The merchant API: a merchant sees and touches only what is the merchant's own.

pub(super) mod account;
pub(super) mod beacon;
pub(super) mod draw_input;
pub(super) mod heat;
pub(super) mod input;
pub(super) mod items;
pub(super) mod orders;
pub(super) mod sale_input;
pub(super) mod sales;
pub(super) mod shoppers;
pub(super) mod strikes;
pub(super) mod switches;
