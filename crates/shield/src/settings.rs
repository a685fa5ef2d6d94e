//! Settings that change without a restart: what they are called, what they may be, and which value is whose while a new one is
//! rolled out to a share of shoppers. Pure: no clock, no randomness.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limiter::{PER_ADDRESS, PER_SALE, PER_SHOPPER, Quota};
use crate::overload::MOST_DELAY_US;

/// All shoppers are in so many buckets, by a hash of who they are.
pub const BUCKETS: u16 = 10_000;

macro_rules! settings {
    ($($variant:ident = $name:literal, $least:literal..=$greatest:literal, $ordinary:expr, $shared:literal, $what:literal;)*) => {
        /// What can be set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Setting { $($variant,)* }

        impl Setting {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The least and the greatest value.
            #[must_use]
            pub const fn range(self) -> std::ops::RangeInclusive<i64> {
                match self { $(Self::$variant => $least..=$greatest,)* }
            }

            /// The value where nobody has set one.
            #[must_use]
            pub const fn ordinary(self) -> i64 {
                match self { $(Self::$variant => $ordinary,)* }
            }

            /// Whether it can be rolled out to a share of those whom it meets.
            #[must_use]
            pub const fn can_be_shared_out(self) -> bool {
                match self { $(Self::$variant => $shared,)* }
            }

            /// What it is, in a few words.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }
        }
    };
}

settings! {
    AddressPerSecond = "address_requests_per_second", 1..=100_000, 200, true, "API calls and fragments of one address, a second";
    AddressBurst = "address_burst", 1..=1_000_000, PER_ADDRESS.burst.get() as i64, true, "the same, at once";
    ShopperPerSecond = "shopper_requests_per_second", 1..=10_000, 10, true, "quizzes, answers and orders of one shopper, a second";
    ShopperBurst = "shopper_burst", 1..=100_000, PER_SHOPPER.burst.get() as i64, true, "the same, at once";
    SalePerSecond = "sale_requests_per_second", 1..=1_000_000, 50_000, false, "everybody's quizzes, answers and orders in one sale, a second";
    SaleBurst = "sale_burst", 1..=10_000_000, PER_SALE.burst.get() as i64, false, "the same, at once";
    PollLeastMs = "poll_least_ms", 50..=60_000, 150, true, "the shortest wait between two polls, in milliseconds";
    PollMostMs = "poll_most_ms", 100..=120_000, 2_000, true, "the longest wait between two polls, in milliseconds";
    LineCapacity = "line_capacity", 1..=1_000_000, 1_000_000, false, "orders that may wait in one sale's line";
    LineWaitMs = "line_wait_ms", 100..=600_000, 10_000, false, "the longest line that is still joined, by the time that it takes, in milliseconds";
    ThreadWaitUs = "thread_wait_us", 1..=1_000_000, MOST_DELAY_US as i64, false, "overload: work may wait so long for a thread, in microseconds";
}

/// Why a setting was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingRefused {
    #[error("there is no setting {0:?}")]
    Unknown(String),
    #[error("{name} must be {least} to {greatest}")]
    OutOfRange { name: &'static str, least: i64, greatest: i64 },
    #[error("a share is 1 to 100 percent")]
    Share,
    #[error("{0} is the whole shop's and cannot be rolled out to a share")]
    NotShared(&'static str),
    #[error("poll_least_ms must not be more than poll_most_ms, for nobody")]
    PollsCrossed,
}

/// One setting's value, and how far it has been rolled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// For those within the share.
    pub value: i64,
    /// For everybody else.
    pub others: i64,
    pub share_percent: u8,
}

/// All settings at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings {
    chosen: BTreeMap<String, Chosen>,
}

impl Settings {
    /// These settings with one changed. What was rolled out to a share only before stays with the others as it was.
    pub fn with(&self, name: &str, value: i64, share_percent: u8) -> Result<Self, SettingRefused> {
        let setting = Setting::ALL.iter().copied().find(|setting| setting.as_str() == name);
        let setting = setting.ok_or_else(|| SettingRefused::Unknown(name.to_owned()))?;
        let name = setting.as_str();
        let range = setting.range();
        if !range.contains(&value) {
            return Err(SettingRefused::OutOfRange { name, least: *range.start(), greatest: *range.end() });
        }
        if !(1..=100).contains(&share_percent) {
            return Err(SettingRefused::Share);
        }
        if share_percent < 100 && !setting.can_be_shared_out() {
            return Err(SettingRefused::NotShared(name));
        }
        let before = self.of(setting);
        let others = if before.share_percent == 100 { before.value } else { before.others };
        let others = if share_percent == 100 { value } else { others };
        let mut settings = self.clone();
        settings.chosen.insert(name.to_owned(), Chosen { value, others, share_percent });
        let crossed =
            |bucket: u16| settings.at(Setting::PollLeastMs, bucket) > settings.at(Setting::PollMostMs, bucket);
        if (0..BUCKETS).step_by(usize::from(BUCKETS) / 100).any(crossed) {
            return Err(SettingRefused::PollsCrossed);
        }
        Ok(settings)
    }

    /// A setting as it was chosen, or as it is when nobody chose.
    #[must_use]
    pub fn of(&self, setting: Setting) -> Chosen {
        let ordinary = setting.ordinary();
        let chosen = self.chosen.get(setting.as_str()).copied();
        chosen.unwrap_or(Chosen { value: ordinary, others: ordinary, share_percent: 100 })
    }

    /// A setting's value for whom the bucket holds.
    #[must_use]
    pub fn at(&self, setting: Setting, bucket: u16) -> i64 {
        let Chosen { value, others, share_percent } = self.of(setting);
        if bucket < ends_before(share_percent) { value } else { others }
    }

    /// A limit for each range of buckets that has one of its own: up to which bucket, and the limit. Rate and burst may have
    /// been rolled out to different shares.
    #[must_use]
    pub fn quotas(&self, per_second: Setting, burst: Setting) -> Vec<(u16, Quota)> {
        let mut ends = [per_second, burst].map(|setting| ends_before(self.of(setting).share_percent)).to_vec();
        ends.push(BUCKETS);
        ends.sort_unstable();
        ends.dedup();
        let quota = |end: &u16| {
            let bucket = end - 1;
            let (rate, most) =
                (self.at(per_second, bucket).max(1), self.at(burst, bucket).clamp(1, i64::from(u32::MAX)));
            let burst = std::num::NonZeroU32::new(most as u32).unwrap_or(std::num::NonZeroU32::MIN);
            (*end, Quota { interval: std::time::Duration::from_nanos(1_000_000_000 / rate as u64), burst })
        };
        ends.iter().map(quota).collect()
    }
}

fn ends_before(share_percent: u8) -> u16 {
    u16::from(share_percent.min(100)) * (BUCKETS / 100)
}

/// Whose bucket it is. The same for good, in every build and on every machine: FNV-1a, and the finalizer of SplitMix64 over it
/// so that ids which differ little are far apart.
#[must_use]
pub fn bucket_of(id: &[u8]) -> u16 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let mut mixed = id.iter().fold(0xCBF2_9CE4_8422_2325, fold);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    (mixed % u64::from(BUCKETS)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_set_is_what_it_was_before_there_were_settings() {
        let settings = Settings::default();
        let quotas = |rate, burst| settings.quotas(rate, burst);
        assert_eq!(quotas(Setting::AddressPerSecond, Setting::AddressBurst), [(BUCKETS, PER_ADDRESS)]);
        assert_eq!(quotas(Setting::ShopperPerSecond, Setting::ShopperBurst), [(BUCKETS, PER_SHOPPER)]);
        for setting in Setting::ALL {
            assert!(setting.range().contains(&setting.ordinary()), "{setting:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_bounds() {
        let with =
            |name: &str, value: i64, share: u8| Settings::default().with(name, value, share).unwrap_err().to_string();
        assert_eq!(with("adress_burst", 1, 100), "there is no setting \"adress_burst\"");
        assert_eq!(with("shopper_burst", 0, 100), "shopper_burst must be 1 to 100000");
        assert_eq!(with("line_capacity", 1_000_001, 100), "line_capacity must be 1 to 1000000");
        assert!(with("line_capacity", 10, 50).contains("whole shop"));
        assert!(with("shopper_burst", 5, 0).contains("1 to 100"));
        assert!(with("shopper_burst", 5, 101).contains("1 to 100"));
        assert!(with("poll_least_ms", 2_001, 10).contains("poll_most_ms"), "for a share neither");
    }

    #[test]
    fn a_rollout_leaves_the_others_with_what_they_had() {
        let tried = Settings::default().with("shopper_burst", 5, 10).unwrap();
        let wider = tried.with("shopper_burst", 6, 20).unwrap();
        assert_eq!(wider.of(Setting::ShopperBurst), Chosen { value: 6, others: 60, share_percent: 20 });
        let whole = wider.with("shopper_burst", 6, 100).unwrap();
        let again = whole.with("shopper_burst", 7, 1).unwrap();
        assert_eq!(again.of(Setting::ShopperBurst), Chosen { value: 7, others: 6, share_percent: 1 });
    }

    #[test]
    fn rate_and_burst_may_go_out_to_different_shares() {
        let settings = Settings::default().with("shopper_burst", 5, 10).unwrap();
        let settings = settings.with("shopper_requests_per_second", 1, 50).unwrap();
        let quotas = settings.quotas(Setting::ShopperPerSecond, Setting::ShopperBurst);
        let told: Vec<_> =
            quotas.iter().map(|(end, quota)| (*end, quota.interval.as_millis(), quota.burst.get())).collect();
        assert_eq!(told, [(1_000, 1_000, 5), (5_000, 1_000, 60), (10_000, 100, 60)]);
    }

    #[test]
    fn a_bucket_is_the_same_for_good() {
        // These numbers are a promise: with others, a rollout would meet other people after an upgrade.
        assert_eq!([b"".as_slice(), &[0; 16], b"stampede"].map(bucket_of), [6_203, 2_559, 5_581]);
    }

    proptest! {
        #[test]
        fn who_is_in_at_a_small_share_is_in_at_a_larger(id: [u8; 16], small in 1..=100_u8, more in 0..=99_u8) {
            let large = (small + more.min(100 - small)).min(100);
            let settings = |share: u8| Settings::default().with("shopper_burst", 7, share).unwrap();
            let is_in = |share: u8| settings(share).at(Setting::ShopperBurst, bucket_of(&id)) == 7;
            prop_assert!(!is_in(small) || is_in(large));
            prop_assert!(is_in(100));
        }

        #[test]
        fn a_share_is_near_what_was_said(first: u64, share in 1..=99_u8) {
            let settings = Settings::default().with("shopper_burst", 7, share).unwrap();
            let ids = (0..10_000_u64).map(|number| u128::from(first.wrapping_add(number)).to_be_bytes());
            let within = ids.filter(|id| settings.at(Setting::ShopperBurst, bucket_of(id)) == 7).count();
            let expected = usize::from(share) * 100;
            prop_assert!(within.abs_diff(expected) < 250, "{within} of 10,000 at {share} %");
        }
    }
}
