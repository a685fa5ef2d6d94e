//! Ids, one type a kind, so that a sale's is never taken for an order's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A merchant.
    MerchantId
    /// A product; it may be sold in one sale after another.
    ItemId
    /// One flash sale of one item.
    SaleId
    /// A person who buys.
    ShopperId
    /// An order; see [`order_id_of`].
    OrderId
    /// One use of the pass that a right answer earns.
    PassId
    /// One question asked of one shopper.
    QuizId
    /// One attempt to pay for an order.
    PaymentId
}

/// The order's id follows from whose it is and from the idempotency key, so that the same request twice is the
/// same order on every node and in every life of the queue. A version 8 UUID (RFC 9562) over SHA-256.
#[must_use]
pub fn order_id_of(sale_id: SaleId, shopper_id: ShopperId, idempotency_key: &str) -> OrderId {
    let digest = Sha256::new()
        .chain_update(b"stampede order 1")
        .chain_update(sale_id.0.as_bytes())
        .chain_update(shopper_id.0.as_bytes())
        .chain_update(idempotency_key.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    OrderId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_is_the_same_order_and_anything_else_is_another() {
        let (sale, shopper) = (SaleId(Uuid::from_u128(1)), ShopperId(Uuid::from_u128(2)));
        let id = order_id_of(sale, shopper, "k");
        assert_eq!(id, order_id_of(sale, shopper, "k"));
        assert_ne!(id, order_id_of(sale, shopper, "l"));
        assert_ne!(id, order_id_of(SaleId(Uuid::from_u128(3)), shopper, "k"));
        assert_ne!(id, order_id_of(sale, ShopperId(Uuid::from_u128(4)), "k"));
        assert_eq!(id.0.get_version_num(), 8);
    }
}
