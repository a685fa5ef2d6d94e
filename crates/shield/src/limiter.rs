//! Requests a second, by key: the generic cell rate algorithm (ITU-T I.371), as `governor` has it.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};

/// Keys that one limiter knows at a time. When there are more, those that have been quiet are forgotten.
pub const MAX_KEYS: usize = 1_000_000;

/// One in each interval, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub interval: Duration,
    pub burst: NonZeroU32,
}

/// A hundred shoppers may stand behind one address: a dormitory, a mobile carrier. 200 a second.
pub const PER_ADDRESS: Quota = Quota { interval: Duration::from_millis(5), burst: count(1_000) };

/// One person's quizzes and orders. 10 a second.
pub const PER_SHOPPER: Quota = Quota { interval: Duration::from_millis(100), burst: count(60) };

/// Everybody's quizzes, answers and orders in one sale: more than one machine answers, until somebody sets less. 50,000 a second.
pub const PER_SALE: Quota = Quota { interval: Duration::from_micros(20), burst: count(100_000) };

/// Sign-ups and sign-ins of one address: each costs a password hash. 2 a second.
pub const SIGN_INS_PER_ADDRESS: Quota = Quota { interval: Duration::from_millis(500), burst: count(120) };

/// Tries at one account's password. 6 a minute.
pub const SIGN_INS_PER_ACCOUNT: Quota = Quota { interval: Duration::from_secs(10), burst: count(10) };

const fn count(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// An address as it is counted: IPv6 by its /64, which is what one customer gets (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressKey(IpAddr);

impl AddressKey {
    pub(crate) const fn address(&self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Self(IpAddr::V6(Ipv6Addr::from(network)))
            }
        }
    }
}

/// A limit that every key has for itself.
pub struct RateLimit<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// An interval of nothing is no limit.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        let rate = governor::Quota::with_period(quota.interval).map(|rate| rate.allow_burst(quota.burst));
        Self { limiter: rate.map(RateLimiter::keyed), clock: DefaultClock::default() }
    }

    /// Lets everything through, for load tests.
    #[must_use]
    pub fn off() -> Self {
        Self { limiter: None, clock: DefaultClock::default() }
    }

    /// Counts one request; says how long to wait when it is one too many.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// Forgets keys that have been quiet long enough to have their whole burst again. To be called now and then.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// Whether more keys are known than [`MAX_KEYS`]: time to [`RateLimit::tidy`].
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.limiter.as_ref().is_some_and(|limiter| limiter.len() > MAX_KEYS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gets_its_burst_and_then_waits_while_others_do_not() {
        let limit = RateLimit::new(Quota { interval: Duration::from_secs(1), burst: count(3) });
        assert!((0..3).all(|_| limit.check(&"a").is_ok()));
        let wait = limit.check(&"a").unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert!(limit.check(&"b").is_ok());
    }

    #[test]
    fn switched_off_it_lets_everything_through() {
        let limit = RateLimit::off();
        assert!((0..5_000).all(|_| limit.check(&"a").is_ok()));
    }

    #[test]
    fn addresses_of_one_customer_are_one_key() {
        let key = |text: &str| AddressKey::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
