//! What a simulated world is made of.

use std::sync::{Arc, Mutex};

use committer::{Command, Failure, Reply, SaleChange};
use ledger::{SaleRow, Write};
use sale::{
    MerchantId, OrderId, OrderState, PassClaims, PaymentId, ReleaseCause, SaleId, Settlement, ShopperId, Units,
};

/// A rule of DESIGN.md or CONTRACT.md that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's number in DESIGN.md, or the name of another rule.
    pub rule: &'static str,
    pub sentence: String,
}

pub(crate) type Checked = Result<(), Violation>;

/// Ends the check with a violation unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $rule:expr, $($sentence:tt)+) => {
        if !$condition {
            return Err($crate::parts::Violation { rule: $rule, sentence: format!($($sentence)+) });
        }
    };
}
pub(crate) use ensure;

/// One sale, as its merchant sees it.
pub(crate) struct Shop {
    pub(crate) sale_id: SaleId,
    pub(crate) merchant_id: MerchantId,
    /// The row that the merchant asked for last.
    pub(crate) asked: SaleRow,
    pub(crate) units: Units,
}

/// One shopper's pass, as the token says it.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) claims: PassClaims,
    pub(crate) sale: usize,
    pub(crate) shopper: usize,
}

/// What a shopper sends to order something.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) sale: usize,
    pub(crate) shopper: usize,
    pub(crate) key: String,
    pub(crate) quantity: u32,
    pub(crate) sku: Option<String>,
    pub(crate) pass: PassClaims,
}

impl Request {
    /// Tells one body from another.
    pub(crate) fn body_hash(&self) -> u64 {
        let sku = self.sku.as_deref().unwrap_or("").bytes().fold(7_u64, |hash, byte| hash * 31 + u64::from(byte));
        (self.pass.pass_id.0.as_u128() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ (sku << 8)
            ^ u64::from(self.quantity)
    }
}

/// What the provider has to say, until somebody hears it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) sale: usize,
    pub(crate) settlement: Settlement,
    pub(crate) sent: u32,
    pub(crate) acknowledged: bool,
}

/// Something asked of the committer.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Cancel { sale: usize, order_id: OrderId, cause: ReleaseCause },
    OpenPayment { sale: usize, order_id: OrderId, fresh_payment_id: PaymentId },
    Settle { message: usize },
    Change { sale: usize, row: Box<SaleRow>, units: Option<Units> },
    CallOff { sale: usize },
    HoldDraw { sale: usize, beacon: String },
    Lift { merchant_id: MerchantId, shopper_id: ShopperId },
    Write { write: Box<Write>, breaks_a_rule: bool },
}

/// What the committer said.
#[derive(Debug)]
pub(crate) enum Answer {
    Done(Result<(), Failure>),
    Payment(Result<PaymentId, Failure>),
    Settled(Result<(OrderId, OrderState), Failure>),
}

/// Where answers arrive, by the number of the ask.
pub(crate) type Inbox = Arc<Mutex<Vec<(usize, Answer)>>>;

fn reply<T: 'static>(inbox: &Inbox, number: usize, answer: fn(Result<T, Failure>) -> Answer) -> Reply<T> {
    let inbox = Arc::clone(inbox);
    Box::new(move |result| {
        if let Ok(mut inbox) = inbox.lock() {
            inbox.push((number, answer(result)));
        }
    })
}

impl Ask {
    pub(crate) fn command(&self, number: usize, shops: &[Shop], messages: &[Message], inbox: &Inbox) -> Command {
        let id = |sale: usize| shops[sale].sale_id;
        match self.clone() {
            Self::Cancel { sale, order_id, cause } => {
                Command::Cancel { sale_id: id(sale), order_id, cause, reply: reply(inbox, number, Answer::Done) }
            }
            Self::OpenPayment { sale, order_id, fresh_payment_id } => Command::OpenPayment {
                sale_id: id(sale),
                order_id,
                fresh_payment_id,
                reply: reply(inbox, number, Answer::Payment),
            },
            Self::Settle { message } => Command::Settle {
                sale_id: id(messages[message].sale),
                settlement: messages[message].settlement.clone(),
                reply: reply(inbox, number, Answer::Settled),
            },
            Self::Change { row, units, .. } => Command::ChangeSale {
                change: Box::new(SaleChange { row: *row, units }),
                reply: reply(inbox, number, Answer::Done),
            },
            Self::CallOff { sale } => Command::CallOff { sale_id: id(sale), reply: reply(inbox, number, Answer::Done) },
            Self::HoldDraw { sale, beacon } => {
                Command::HoldDraw { sale_id: id(sale), beacon, reply: reply(inbox, number, Answer::Done) }
            }
            Self::Lift { merchant_id, shopper_id } => {
                Command::LiftStrikes { merchant_id, shopper_id, reply: reply(inbox, number, Answer::Done) }
            }
            Self::Write { write, .. } => Command::Write { write, reply: reply(inbox, number, Answer::Done) },
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Cancel { .. } => "action: cancel or release an order",
            Self::OpenPayment { .. } => "action: open a payment",
            Self::Settle { .. } => "action: the provider's message arrives",
            Self::Change { .. } => "action: a sale is changed",
            Self::CallOff { .. } => "action: a sale is called off",
            Self::HoldDraw { .. } => "action: a beacon's value arrives",
            Self::Lift { .. } => "action: strikes are lifted",
            Self::Write { breaks_a_rule: true, .. } => "fault: a command that breaks a rule",
            Self::Write { .. } => "action: a refund is taken by the provider",
        }
    }
}
