//! Plan B: switches, each with its values from the ordinary one to the last resort, for the whole shop, for a merchant's
//! sales, or for one sale. Pure: what has been set and the time are arguments.

use std::collections::HashMap;

use sale::{MerchantId, SaleId};

/// How long a switch may be set for, at most: a month. What is to last longer is not Plan B.
pub const SWITCH_LASTS_AT_MOST_MS: i64 = 31 * 24 * 3_600_000;

macro_rules! switches {
    ($($variant:ident = $index:literal, $name:literal, $values:expr;)*) => {
        /// What can be switched.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Switch {
            $($variant = $index,)*
        }

        impl Switch {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the API, at the shell and in the record.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it can be set to; the first is the ordinary value.
            #[must_use]
            pub const fn values(self) -> &'static [&'static str] {
                match self { $(Self::$variant => $values,)* }
            }
        }
    };
}

switches! {
    Orders = 0, "orders", &["on", "paused"];
    Quiz = 1, "quiz", &["on", "harder", "off"];
    Extras = 2, "extras", &["on", "off"];
    WaitingPage = 3, "waiting_page", &["off", "on"];
    QueueOnly = 4, "queue_only", &["off", "on"];
    ReadOnly = 5, "read_only", &["off", "on"];
}

const SWITCHES: usize = Switch::ALL.len();

impl Switch {
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|switch| switch.as_str() == name)
    }

    /// The place of a value among the switch's values; none for one that it does not have.
    #[must_use]
    pub fn value_of(self, value: &str) -> Option<u8> {
        self.values().iter().position(|known| *known == value).and_then(|index| u8::try_from(index).ok())
    }
}

/// What a switch is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything; the operator's.
    Shop,
    /// All sales and items of a merchant.
    Merchant(MerchantId),
    Sale(SaleId),
}

/// One switch that is not at its ordinary value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchSet {
    pub scope: Scope,
    pub switch: Switch,
    /// Its place among [`Switch::values`].
    pub value: u8,
    /// From then on it counts as never set. None: until somebody puts it back.
    pub until_ms: Option<i64>,
}

/// All that is set, ready to be asked on every request.
#[derive(Clone, Debug, Default)]
pub struct SwitchBoard {
    shop: Row,
    merchants: HashMap<MerchantId, Row>,
    sales: HashMap<SaleId, Row>,
}

type Row = [Option<(u8, Option<i64>)>; SWITCHES];

impl SwitchBoard {
    #[must_use]
    pub fn new(set: &[SwitchSet]) -> Self {
        let mut board = Self::default();
        for SwitchSet { scope, switch, value, until_ms } in set {
            let row = match scope {
                Scope::Shop => &mut board.shop,
                Scope::Merchant(merchant_id) => board.merchants.entry(*merchant_id).or_default(),
                Scope::Sale(sale_id) => board.sales.entry(*sale_id).or_default(),
            };
            row[*switch as usize] = Some((*value, *until_ms));
        }
        board
    }

    /// What the operator set for the whole shop.
    #[must_use]
    pub fn of_shop(&self, switch: Switch, now_ms: i64) -> &'static str {
        named(switch, in_row(&self.shop, switch, now_ms))
    }

    /// What holds for a merchant: the operator's word before the merchant's.
    #[must_use]
    pub fn of_merchant(&self, switch: Switch, merchant_id: MerchantId, now_ms: i64) -> &'static str {
        let shop = in_row(&self.shop, switch, now_ms);
        let own = || in_row(self.merchants.get(&merchant_id)?, switch, now_ms);
        named(switch, shop.or_else(own))
    }

    /// What holds for a sale: the operator's word first, then what was set for this very sale, then for all of its
    /// merchant's.
    #[must_use]
    pub fn of_sale(&self, switch: Switch, merchant_id: MerchantId, sale_id: SaleId, now_ms: i64) -> &'static str {
        let shop = in_row(&self.shop, switch, now_ms);
        let own = || in_row(self.sales.get(&sale_id)?, switch, now_ms);
        let merchants = || in_row(self.merchants.get(&merchant_id)?, switch, now_ms);
        named(switch, shop.or_else(own).or_else(merchants))
    }
}

fn in_row(row: &Row, switch: Switch, now_ms: i64) -> Option<u8> {
    let (value, until_ms) = row[switch as usize]?;
    until_ms.is_none_or(|until_ms| now_ms < until_ms).then_some(value)
}

fn named(switch: Switch, value: Option<u8>) -> &'static str {
    let values = switch.values();
    values.get(usize::from(value.unwrap_or(0))).copied().unwrap_or(values[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const MERCHANT: MerchantId = MerchantId(Uuid::from_u128(1));
    const SALE: SaleId = SaleId(Uuid::from_u128(2));

    fn set(scope: Scope, switch: Switch, value: &str, until_ms: Option<i64>) -> SwitchSet {
        SwitchSet { scope, switch, value: switch.value_of(value).unwrap(), until_ms }
    }

    #[test]
    fn what_nobody_set_is_as_ever() {
        let board = SwitchBoard::new(&[]);
        for switch in Switch::ALL {
            assert_eq!(board.of_sale(*switch, MERCHANT, SALE, 0), switch.values()[0]);
            assert_eq!(Switch::of(switch.as_str()), Some(*switch));
        }
        assert_eq!(Switch::of("order"), None);
        assert_eq!(Switch::Quiz.value_of("easier"), None);
    }

    #[test]
    fn the_operators_word_comes_before_a_sales_and_a_sales_before_its_merchants() {
        let of_merchant = set(Scope::Merchant(MERCHANT), Switch::Quiz, "harder", None);
        let of_sale = set(Scope::Sale(SALE), Switch::Quiz, "off", None);
        let of_shop = set(Scope::Shop, Switch::Quiz, "harder", Some(10));
        let check = |set: &[SwitchSet], now_ms: i64, expected: &str| {
            assert_eq!(SwitchBoard::new(set).of_sale(Switch::Quiz, MERCHANT, SALE, now_ms), expected);
        };
        check(&[of_merchant], 0, "harder");
        check(&[of_merchant, of_sale], 0, "off");
        check(&[of_merchant, of_sale, of_shop], 9, "harder");
        check(&[of_merchant, of_sale, of_shop], 10, "off");
    }

    #[test]
    fn one_merchants_switch_is_nobody_elses() {
        let board = SwitchBoard::new(&[set(Scope::Merchant(MERCHANT), Switch::Orders, "paused", None)]);
        let (other, others_sale) = (MerchantId(Uuid::from_u128(3)), SaleId(Uuid::from_u128(4)));
        assert_eq!(board.of_sale(Switch::Orders, other, others_sale, 0), "on");
        assert_eq!(board.of_merchant(Switch::Orders, other, 0), "on");
        assert_eq!(board.of_shop(Switch::Orders, 0), "on");
        assert_eq!(board.of_merchant(Switch::Orders, MERCHANT, 0), "paused");
    }

    proptest! {
        #[test]
        fn a_switch_counts_until_its_time_and_never_after(until_ms in 0..1_000_i64, now_ms in 0..1_000_i64) {
            let board = SwitchBoard::new(&[set(Scope::Shop, Switch::ReadOnly, "on", Some(until_ms))]);
            prop_assert_eq!(board.of_shop(Switch::ReadOnly, now_ms) == "on", now_ms < until_ms);
        }
    }
}
