//! The committer over a real store, round by round.

use std::sync::mpsc::{Receiver, channel};

use intake::{AdmitRefused, Application, Status};
use ledger::{Batch, ItemRow, MerchantRow, QuizKind, SaleRow, SkuRow, SqliteLedger, Write};
use sale::{
    Eligibility, ItemId, MarkedOrders, OrderId, OrderState, Outcome, PassId, PaymentId, PaymentRefused, QueueClaims,
    Rejection, ReleaseCause, Settlement, ShopperId, StockPolicy, StrikeTerms,
};
use uuid::Uuid;

use super::*;

const SALE: SaleId = SaleId(Uuid::from_u128(3));

const MERCHANT: MerchantId = MerchantId(Uuid::from_u128(1));
const START_MS: i64 = 1_000_000;

struct Table {
    committer: Committer<SqliteLedger>,
    now_ms: i64,
}

fn sale_row(stock_units: u64) -> SaleRow {
    SaleRow {
        sale_id: SALE,
        item_id: ItemId(Uuid::from_u128(2)),
        merchant_id: MERCHANT,
        price_minor: 500,
        currency: "CNY".to_owned(),
        starts_at_ms: START_MS - 1_000,
        ends_at_ms: START_MS + 600_000,
        opened_at_ms: None,
        stock_units,
        per_shopper_limit: 1,
        stock_policy: StockPolicy::Hold,
        hold_seconds: 60,
        waitlist_units: 0,
        skus: Vec::new(),
        strikes: StrikeTerms::OFF,
        eligibility: Eligibility::default(),
        draw: None,
        called_off_at_ms: None,
        quiz_kind: QuizKind::Arithmetic,
        questions: Vec::new(),
        min_answer_ms: 0,
        max_answer_ms: 1,
        published: true,
        paused: false,
        revision: 1,
        updated_at_ms: START_MS,
    }
}

/// A store with one open sale, and a committer over it.
fn table(stock_units: u64) -> Table {
    table_of(sale_row(stock_units))
}

fn table_of(sale: SaleRow) -> Table {
    table_by(Write::AddSale(sale))
}

fn table_by(add_sale: Write) -> Table {
    let mut ledger = SqliteLedger::in_memory().unwrap();
    let merchant = MerchantRow {
        merchant_id: MERCHANT,
        email: "m@x".to_owned(),
        password_hash: String::new(),
        created_at_ms: START_MS,
    };
    let item = ItemRow {
        item_id: ItemId(Uuid::from_u128(2)),
        merchant_id: MERCHANT,
        slug: "lantern".to_owned(),
        title: "Lantern".to_owned(),
        description: String::new(),
        image_url: String::new(),
        list_price_minor: 900,
        currency: "CNY".to_owned(),
        updated_at_ms: START_MS,
    };
    let writes = vec![Write::AddMerchant(merchant), Write::AddItem(item), add_sale];
    let answers = ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    assert!(answers.iter().all(Result::is_ok));
    let (committer, tally) = Committer::open(ledger, START_MS * 1_000).unwrap();
    assert_eq!(tally, Tally::default());
    Table { committer, now_ms: START_MS }
}

type Answer<T> = Receiver<Result<T, Failure>>;

/// A reply, and where it arrives.
fn reply<T: Send + 'static>() -> (Reply<T>, Answer<T>) {
    let (sender, receiver) = channel();
    (Box::new(move |answer| sender.send(answer).unwrap()), receiver)
}

impl Table {
    fn line(&self) -> Arc<Line> {
        self.committer.line(SALE).unwrap()
    }

    fn round(&mut self, mut commands: Vec<Command>) -> Tally {
        self.committer.round(&mut commands, self.now_ms * 1_000)
    }

    fn asked<T: Send + 'static>(&mut self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Failure> {
        let (reply, answer) = reply();
        self.round(vec![command(reply)]);
        answer.try_recv().unwrap()
    }

    /// A shopper joins the line with an order of the same number.
    fn joined(&self, number: u128) -> QueueClaims {
        let line = self.line();
        let application = application(&line, number);
        let (order_id, shopper_id) = (application.order_id, application.shopper_id);
        line.grant_pass(shopper_id, application.pass_id);
        let place = line.admit(application, self.now_ms).unwrap();
        let (queue_life, queue_seq) = (place.queue_life, place.queue_seq);
        QueueClaims { sale_id: SALE, shopper_id, order_id, queue_life, queue_seq }
    }

    /// Joins although the line says that nothing is free: it did not when the shopper asked.
    fn joined_past_the_edge(&self, number: u128) -> QueueClaims {
        let line = self.line();
        let outlook = sale::Outlook { free_units: 1, can_wait: false };
        let outlooks = sale::Outlooks { all: outlook, ..sale::Outlooks::default() };
        line.report(intake::Report { outlooks, ..intake::Report::default() });
        self.joined(number)
    }

    fn status(&self, claims: &QueueClaims) -> Status {
        self.line().status(claims)
    }

    fn cancel(&mut self, order_id: OrderId) -> Result<(), Failure> {
        let cause = ReleaseCause::Cancelled;
        self.asked(|reply| Command::Cancel { sale_id: SALE, order_id, cause, reply })
    }

    fn pays(&mut self, order_id: OrderId, number: u128) -> OrderState {
        let fresh_payment_id = PaymentId(Uuid::from_u128(number));
        let payment_id =
            self.asked(|reply| Command::OpenPayment { sale_id: SALE, order_id, fresh_payment_id, reply }).unwrap();
        let settlement = Settlement {
            payment_id,
            provider_event_id: number.to_string(),
            paid: true,
            amount_minor: 500,
            currency: "CNY".to_owned(),
        };
        self.asked(|reply| Command::Settle { sale_id: SALE, settlement, reply }).unwrap().1
    }
}

/// Order, shopper and pass of the same number.
fn application(line: &Line, number: u128) -> Application {
    Application {
        order_id: OrderId(Uuid::from_u128(number)),
        shopper_id: ShopperId(Uuid::from_u128(number)),
        pass_id: PassId(Uuid::from_u128(number)),
        pass_life: line.queue_life(),
        idempotency_key: number.to_string(),
        body_hash: 0,
        sku: None,
        quantity: 1,
    }
}

fn is_held(status: Status) -> bool {
    matches!(status, Status::Ended(Outcome::Held { .. }))
}

#[test]
fn a_line_that_is_opened_again_is_another_life_and_old_tokens_say_what_they_said() {
    let mut table = table(1);
    let (first, second) = (table.joined(1), table.joined(2));
    let tally = table.round(Vec::new());
    assert_eq!((tally.held, tally.sold_out, tally.committed_events), (1, 1, Some(1)));
    let old = table.line();
    assert!(is_held(old.status(&first)));
    assert_eq!(old.status(&second), Status::Ended(Outcome::SoldOut));
    table.cancel(first.order_id).unwrap();

    // Long after its end the sale leaves the memory; somebody needs it again.
    table.committer.forget_at_ms = 0;
    table.committer.forget_ended(START_MS + 10 * KEEP_ENDED_MS);
    assert!(table.committer.lines().read().unwrap().is_empty());
    assert!(table.committer.load(SALE, START_MS * 1_000).unwrap());

    let new = table.line();
    assert!(new.queue_life() > old.queue_life());
    let third = table.joined(3);
    assert_eq!(third.queue_seq, 1, "numbers begin anew");
    assert!(is_held(new.status(&first)));
    assert_eq!(new.status(&second), Status::Ended(Outcome::SoldOut));
    table.round(Vec::new());
    assert!(is_held(new.status(&third)));
    assert_eq!(new.status(&second), Status::Ended(Outcome::SoldOut));
}

#[test]
fn an_outcome_is_told_only_after_its_round_and_the_opening_is_latched_with_it() {
    let mut table = table(1);
    assert!(!table.line().terms().window.opened);
    let token = table.joined(1);
    assert_eq!(table.status(&token), Status::Queued { position: 1, free_units: 1 });
    table.round(Vec::new());
    assert!(is_held(table.status(&token)));
    assert!(table.line().terms().window.opened);
}

#[test]
fn a_sale_whose_record_is_wrong_is_set_aside_and_the_others_go_on() {
    let mut table = table(1);
    let error = LedgerError::Corrupt("made up".to_owned());
    let line = table.line();
    table.committer.stale.insert(SALE);
    table.committer.set_aside(SALE, &error, &mut Tally::default());
    table.round(Vec::new());
    assert!(table.committer.desks.is_empty(), "it does not come back by being read anew");
    line.grant_pass(ShopperId(Uuid::from_u128(1)), PassId(Uuid::from_u128(1)));
    assert_eq!(line.admit(application(&line, 1), START_MS), Err(AdmitRefused::Busy));
    assert!(matches!(table.cancel(OrderId(Uuid::from_u128(1))), Err(Failure::Broken)));
    let write = Write::LatchOpened { sale_id: SALE, at_ms: 1 };
    assert!(table.asked(|reply| Command::Write { write: Box::new(write), reply }).is_ok());
}

#[test]
fn who_waits_hears_of_a_unit_that_comes_back_and_finds_the_wait_again_after_a_restart() {
    let mut table = table_of(SaleRow { waitlist_units: 9, ..sale_row(1) });
    let tokens = [table.joined(1), table.joined(2), table.joined(3)];
    assert_eq!(table.round(Vec::new()).waiting, 2);
    assert_eq!(table.status(&tokens[2]), Status::Waiting { position: 2 });
    let ledger = table.committer.into_ledger();
    let (committer, _) = Committer::open(ledger, START_MS * 1_000 + 1).unwrap();
    let mut table = Table { committer, now_ms: START_MS };
    assert_eq!(table.status(&tokens[2]), Status::Waiting { position: 2 });
    table.cancel(tokens[0].order_id).unwrap();
    assert!(is_held(table.status(&tokens[1])));
    assert_eq!(table.status(&tokens[2]), Status::Waiting { position: 1 });
    assert_eq!(table.pays(tokens[1].order_id, 7), OrderState::Paid);
    assert_eq!(table.status(&tokens[2]), Status::Ended(Outcome::SoldOut));
}

#[test]
fn the_wait_ends_with_the_sale_without_being_asked() {
    let mut table = table_of(SaleRow { waitlist_units: 9, hold_seconds: 3_000, ..sale_row(1) });
    let tokens = [table.joined(1), table.joined(2)];
    table.round(Vec::new());
    table.now_ms = START_MS + 600_000;
    assert_eq!(table.committer.next_due_ms(), Some(table.now_ms));
    table.round(Vec::new());
    assert_eq!(table.status(&tokens[1]), Status::Ended(Outcome::SoldOut));
}

#[test]
fn a_shopper_whose_hold_lapsed_is_marked_until_the_merchant_lifts_it() {
    let strikes = StrikeTerms { limit: 1, strike_seconds: 86_400, marked_orders: MarkedOrders::Refuse };
    let mut table = table_of(SaleRow { strikes, ..sale_row(1) });
    let first = table.joined(1);
    table.round(Vec::new());
    table.now_ms += 60_000;
    table.round(Vec::new());
    assert_eq!(table.line().free_units(), 1, "it lapsed");
    let again = |table: &mut Table, order: u128| {
        let line = table.line();
        let shopper_id = first.shopper_id;
        let pass_id = PassId(Uuid::from_u128(order));
        line.grant_pass(shopper_id, pass_id);
        let application = Application { shopper_id, ..application(&line, order) };
        let place = line.admit(application, table.now_ms).unwrap();
        table.round(Vec::new());
        let order_id = OrderId(Uuid::from_u128(order));
        let (queue_life, queue_seq) = (place.queue_life, place.queue_seq);
        table.status(&QueueClaims { sale_id: SALE, shopper_id, order_id, queue_life, queue_seq })
    };
    assert_eq!(again(&mut table, 2), Status::Ended(Outcome::Rejected(Rejection::Marked)));
    let (merchant_id, shopper_id) = (MERCHANT, first.shopper_id);
    table.asked(|reply| Command::LiftStrikes { merchant_id, shopper_id, reply }).unwrap();
    assert!(is_held(again(&mut table, 3)));
}

#[test]
fn a_sale_called_off_is_undone_by_turns_and_admits_nobody() {
    let mut table = table(2);
    let tokens = [table.joined(1), table.joined(2)];
    table.round(Vec::new());
    assert_eq!(table.pays(tokens[0].order_id, 7), OrderState::Paid);
    table.asked(|reply| Command::CallOff { sale_id: SALE, reply }).unwrap();
    table.round(Vec::new());
    let book = table.committer.book(SALE).unwrap();
    assert_eq!(book.order(tokens[0].order_id).unwrap().state, OrderState::Refunded);
    assert_eq!(book.order(tokens[1].order_id).unwrap().state, OrderState::Released);
    assert!(table.line().terms().window.has_ended(table.now_ms));
    let counts = table.committer.ledger().counts(SALE).unwrap().unwrap();
    assert!(counts.is_balanced() && counts.total.free == 2, "{counts:?}");
}

#[path = "draw_tests.rs"]
mod draws;
#[path = "recovery_tests.rs"]
mod recovery;

#[test]
fn strikes_that_are_lifted_while_no_sale_is_in_memory_leave_the_others_marks_alone() {
    let strikes = StrikeTerms { limit: 1, strike_seconds: 86_400, marked_orders: MarkedOrders::Refuse };
    let mut table = table_of(SaleRow { strikes, ..sale_row(1) });
    let first = table.joined(1);
    table.round(Vec::new());
    table.now_ms += 60_000;
    table.round(Vec::new());
    table.committer.desks.clear();
    table.committer.strikes.clear();
    table.committer.lines.write().unwrap().clear();
    let (merchant_id, shopper_id) = (MERCHANT, ShopperId(Uuid::from_u128(99)));
    let nobody = table.asked(|reply| Command::LiftStrikes { merchant_id, shopper_id, reply });
    assert!(matches!(nobody, Err(Failure::Refused(ledger::Refusal::NotFound))));
    table.committer.load(SALE, table.now_ms * 1_000).unwrap();
    let line = table.line();
    line.grant_pass(first.shopper_id, PassId(Uuid::from_u128(2)));
    let again = Application { shopper_id: first.shopper_id, ..application(&line, 2) };
    let place = line.admit(again, table.now_ms).unwrap();
    table.round(Vec::new());
    let (order_id, queue_life, queue_seq) = (OrderId(Uuid::from_u128(2)), place.queue_life, place.queue_seq);
    let token = QueueClaims { order_id, queue_life, queue_seq, ..first };
    assert_eq!(table.status(&token), Status::Ended(Outcome::Rejected(Rejection::Marked)));
}
