//! The committer over a real store, round by round.

use intake::{AdmitRefused, Application, Outcome, Status};
use ledger::{Batch, ItemRow, MerchantRow, QuizKind, SaleRow, Write};
use sale::{ItemId, MerchantId, OrderId, PassId, QueueClaims, ShopperId};
use uuid::Uuid;

use super::*;

const SALE: SaleId = SaleId(Uuid::from_u128(3));

struct Table {
    _folder: tempfile::TempDir,
    writer: Writer,
}

/// A store with one open sale, and a committer that has not started its thread.
fn table(stock_units: u64) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let clock = ServerClock::start();
    let now_ms = clock.now_ms();
    let mut ledger = SqliteLedger::open(&folder.path().join("stampede.db")).unwrap();
    let (merchant_id, item_id) = (MerchantId(Uuid::from_u128(1)), ItemId(Uuid::from_u128(2)));
    let merchant =
        MerchantRow { merchant_id, email: "m@x".to_owned(), password_hash: String::new(), created_at_ms: now_ms };
    let item = ItemRow {
        item_id,
        merchant_id,
        slug: "lantern".to_owned(),
        title: "Lantern".to_owned(),
        description: String::new(),
        image_url: String::new(),
        list_price_minor: 900,
        currency: "CNY".to_owned(),
        updated_at_ms: now_ms,
    };
    let sale = SaleRow {
        sale_id: SALE,
        item_id,
        merchant_id,
        price_minor: 500,
        currency: "CNY".to_owned(),
        starts_at_ms: now_ms - 1_000,
        ends_at_ms: now_ms + 600_000,
        opened_at_ms: None,
        stock_units,
        per_shopper_limit: 1,
        stock_policy: sale::StockPolicy::Hold,
        hold_seconds: 60,
        quiz_kind: QuizKind::Arithmetic,
        questions: Vec::new(),
        min_answer_ms: 0,
        max_answer_ms: 1,
        published: true,
        paused: false,
        revision: 1,
        updated_at_ms: now_ms,
    };
    let writes = vec![Write::AddMerchant(merchant), Write::AddItem(item), Write::AddSale(sale)];
    let answers = ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    assert!(answers.iter().all(Result::is_ok));
    let mut writer = Writer::new(ledger, clock);
    writer.load_lively().unwrap();
    Table { _folder: folder, writer }
}

impl Table {
    fn line(&self) -> Arc<Line> {
        Arc::clone(&self.writer.shared.lines.read().unwrap()[&SALE])
    }

    fn round(&mut self, commands: Vec<Command>) {
        let mut commands = commands;
        self.writer.round(&mut commands);
    }

    /// A shopper joins the line with an order of the same number.
    fn joined(&self, number: u128) -> QueueClaims {
        let line = self.line();
        let application = application(&line, number);
        let (order_id, shopper_id) = (application.order_id, application.shopper_id);
        line.grant_pass(shopper_id, application.pass_id);
        let place = line.admit(application, self.writer.shared.clock.now_ms()).unwrap();
        let (queue_life, queue_seq) = (place.queue_life, place.queue_seq);
        QueueClaims { sale_id: SALE, shopper_id, order_id, queue_life, queue_seq }
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
    table.round(Vec::new());
    let old = table.line();
    assert!(is_held(old.status(&first)));
    assert_eq!(old.status(&second), Status::Ended(Outcome::SoldOut));
    let (reply, _answer) = tokio::sync::oneshot::channel();
    table.round(vec![Command::Cancel { sale_id: SALE, order_id: first.order_id, reply }]);

    // Long after its end the sale leaves the memory; somebody needs it again.
    table.writer.forget_at_ms = 0;
    let much_later_ms = table.writer.shared.clock.now_ms() + 10 * KEEP_ENDED_MS;
    table.writer.forget_ended(much_later_ms);
    assert!(table.writer.shared.lines.read().unwrap().is_empty());
    assert!(table.writer.load(SALE).unwrap());

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
    assert_eq!(table.line().status(&token), Status::Queued { position: 1, free_units: 1 });
    table.round(Vec::new());
    assert!(is_held(table.line().status(&token)));
    assert!(table.line().terms().window.opened);
}

#[test]
fn a_sale_whose_record_is_wrong_is_set_aside_and_the_others_go_on() {
    let mut table = table(1);
    let error = LedgerError::Corrupt("made up".to_owned());
    let line = table.line();
    table.writer.stale.insert(SALE);
    table.writer.set_aside(SALE, &error);
    table.round(Vec::new());
    assert!(table.writer.desks.is_empty(), "it does not come back by being read anew");
    line.grant_pass(ShopperId(Uuid::from_u128(1)), PassId(Uuid::from_u128(1)));
    assert_eq!(line.admit(application(&line, 1), table.writer.shared.clock.now_ms()), Err(AdmitRefused::Busy));
    let (reply, answer) = tokio::sync::oneshot::channel();
    table.round(vec![Command::Cancel { sale_id: SALE, order_id: OrderId(Uuid::from_u128(1)), reply }]);
    assert!(matches!(answer.blocking_recv(), Ok(Err(Failure::Broken))));
    let (reply, answer) = tokio::sync::oneshot::channel();
    let write = Write::LatchOpened { sale_id: SALE, at_ms: 1 };
    table.round(vec![Command::Write { write, reply }]);
    assert!(matches!(answer.blocking_recv(), Ok(Ok(()))));
}
