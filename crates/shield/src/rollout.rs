//! Rate limits that change while they are in use, and may differ for a share of those whom they meet.

use std::hash::Hash;

use arc_swap::ArcSwap;

use crate::limiter::{AddressKey, Quota, RateLimit};
use crate::settings::bucket_of;

/// Who has a bucket: the same one for good.
pub trait Bucketed {
    fn bucket(&self) -> u16;
}

impl Bucketed for sale::ShopperId {
    fn bucket(&self) -> u16 {
        bucket_of(self.0.as_bytes())
    }
}

impl Bucketed for sale::SaleId {
    fn bucket(&self) -> u16 {
        bucket_of(self.0.as_bytes())
    }
}

impl Bucketed for AddressKey {
    fn bucket(&self) -> u16 {
        match self.address() {
            std::net::IpAddr::V4(address) => bucket_of(&address.octets()),
            std::net::IpAddr::V6(address) => bucket_of(&address.octets()),
        }
    }
}

/// A limit that every key has for itself, as the settings say.
pub struct SettableLimit<K: Hash + Eq + Clone> {
    arms: ArcSwap<Vec<Arm<K>>>,
}

/// For the buckets before `end`.
struct Arm<K: Hash + Eq + Clone> {
    end: u16,
    quota: Quota,
    limit: RateLimit<K>,
}

impl<K: Hash + Eq + Clone + Bucketed> SettableLimit<K> {
    #[must_use]
    pub fn new(quotas: &[(u16, Quota)]) -> Self {
        Self { arms: ArcSwap::from_pointee(arms(quotas)) }
    }

    /// Lets everything through, for load tests, whatever is set.
    #[must_use]
    pub fn off() -> Self {
        Self { arms: ArcSwap::from_pointee(Vec::new()) }
    }

    /// Takes new limits. Where they differ, everybody begins with a whole burst.
    pub fn set(&self, quotas: &[(u16, Quota)]) {
        let now = self.arms.load();
        let is_off = now.is_empty();
        let same = now.iter().map(|arm| (arm.end, arm.quota)).eq(quotas.iter().copied());
        if !is_off && !same {
            self.arms.store(std::sync::Arc::new(arms(quotas)));
        }
    }

    /// Counts one request; says how long to wait when it is one too many.
    pub fn check(&self, key: &K) -> Result<(), std::time::Duration> {
        let arms = self.arms.load();
        let arm = match arms.as_slice() {
            [] => return Ok(()),
            // Nothing is being rolled out: nobody need be hashed.
            [only] => only,
            several => {
                let bucket = key.bucket();
                several.iter().find(|arm| bucket < arm.end).unwrap_or(&several[0])
            }
        };
        arm.limit.check(key)
    }

    /// Forgets keys that have been quiet. To be called now and then.
    pub fn tidy(&self) {
        self.arms.load().iter().for_each(|arm| arm.limit.tidy());
    }

    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.arms.load().iter().any(|arm| arm.limit.is_crowded())
    }
}

fn arms<K: Hash + Eq + Clone>(quotas: &[(u16, Quota)]) -> Vec<Arm<K>> {
    quotas.iter().map(|&(end, quota)| Arm { end, quota, limit: RateLimit::new(quota) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Setting, Settings};
    use sale::ShopperId;
    use uuid::Uuid;

    fn quotas(settings: &Settings) -> Vec<(u16, Quota)> {
        settings.quotas(Setting::ShopperPerSecond, Setting::ShopperBurst)
    }

    #[test]
    fn a_new_limit_meets_its_share_and_is_taken_back_whole() {
        let limit = SettableLimit::new(&quotas(&Settings::default()));
        let shoppers: Vec<_> = (0..500_u128).map(|number| ShopperId(Uuid::from_u128(number))).collect();
        let refused = |limit: &SettableLimit<ShopperId>| {
            shoppers.iter().filter(|shopper| (0..3).any(|_| limit.check(shopper).is_err())).count()
        };
        assert_eq!(refused(&limit), 0);
        let tried = Settings::default().with("shopper_burst", 1, 20).unwrap();
        let tried = tried.with("shopper_requests_per_second", 1, 20).unwrap();
        limit.set(&quotas(&tried));
        assert!((60..140).contains(&refused(&limit)), "about a fifth of 500");
        limit.set(&quotas(&Settings::default()));
        assert_eq!(refused(&limit), 0);
    }

    #[test]
    fn the_same_limits_again_forget_nobody_and_what_is_off_stays_off() {
        let strict = Settings::default().with("shopper_burst", 1, 100).unwrap();
        let strict = strict.with("shopper_requests_per_second", 1, 100).unwrap();
        let (limit, shopper) = (SettableLimit::new(&quotas(&strict)), ShopperId(Uuid::from_u128(1)));
        assert!(limit.check(&shopper).is_ok());
        limit.set(&quotas(&strict));
        assert!(limit.check(&shopper).is_err());
        let off = SettableLimit::off();
        off.set(&quotas(&strict));
        assert!((0..9).all(|_| off.check(&shopper).is_ok()));
    }
}
