//! Draws, through the record: what was told survives, and a draw that was cut short goes on to the same end.

use ledger::{BeaconRow, DrawRow};
use sale::{DRAW_PAUSE_MS, DrawRefused, DrawSeed, DrawStage};

use super::*;

const SEED: DrawSeed = DrawSeed([5; 32]);
const CLOSE_MS: i64 = START_MS + 10_000;

fn draw_row(stock_units: u64, beacon: Option<BeaconRow>) -> SaleRow {
    let draw = DrawRow { entries_close_at_ms: CLOSE_MS, commitment: SEED.commitment(SALE), beacon };
    SaleRow { draw: Some(draw), ..sale_row(stock_units) }
}

fn drawing(stock_units: u64) -> Table {
    table_by(Write::AddDrawSale(draw_row(stock_units, None), SEED))
}

fn with_beacon(stock_units: u64) -> Table {
    let beacon = BeaconRow { description: "round 7".to_owned(), due_at_ms: CLOSE_MS + 60_000 };
    table_by(Write::AddDrawSale(draw_row(stock_units, Some(beacon)), SEED))
}

impl Table {
    fn stage(&self) -> DrawStage {
        self.committer.book(SALE).unwrap().draw_stage().unwrap()
    }

    /// Rounds until nothing is due at this moment.
    fn rest(&mut self) {
        for _ in 0..1_000 {
            self.round(Vec::new());
            let is_due = self.committer.next_due_ms().is_some_and(|due_ms| due_ms <= self.now_ms);
            if !is_due && !self.committer.has_queued() {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn drawn(&mut self) {
        self.now_ms = CLOSE_MS;
        self.rest();
        assert_eq!(self.stage(), DrawStage::Closed);
        self.now_ms = CLOSE_MS + DRAW_PAUSE_MS;
        self.rest();
        assert_eq!(self.stage(), DrawStage::Drawn);
    }

    /// The process dies, and another begins.
    fn restarted(self) -> Self {
        let Self { committer, now_ms } = self;
        let (committer, tally) = Committer::open(committer.into_ledger(), now_ms * 1_000 + 7).unwrap();
        assert_eq!(tally.set_aside, 0);
        Self { committer, now_ms }
    }

    fn entered(&mut self, numbers: std::ops::RangeInclusive<u128>) -> Vec<QueueClaims> {
        let tokens = numbers.map(|number| self.joined(number)).collect();
        self.rest();
        tokens
    }
}

fn is_entered(status: Status) -> bool {
    matches!(status, Status::Entered { .. })
}

#[test]
fn an_entry_is_told_when_it_is_in_the_record_and_survives_a_restart() {
    let mut table = drawing(1);
    let token = table.joined(1);
    assert!(matches!(table.status(&token), Status::Queued { .. }));
    table.round(Vec::new());
    assert!(is_entered(table.status(&token)));
    let mut table = table.restarted();
    assert!(is_entered(table.status(&token)));
    assert_eq!(table.line().mine(token.shopper_id).0, std::slice::from_ref(&token));
    table.drawn();
    assert!(is_held(table.status(&token)));
}

#[test]
fn an_order_that_was_admitted_in_time_is_in_the_draw_although_its_turn_comes_after_the_close() {
    let mut table = drawing(1);
    let tokens: Vec<_> = (1..=3).map(|number| table.joined(number)).collect();
    table.now_ms = CLOSE_MS + 5;
    table.round(Vec::new());
    assert_eq!(table.stage(), DrawStage::Entering, "what is in the line is taken in first");
    assert!(tokens.iter().all(|token| is_entered(table.status(token))));
    let line = table.line();
    line.grant_pass(ShopperId(Uuid::from_u128(9)), PassId(Uuid::from_u128(9)));
    // Judged before the close by a clock that was read early.
    assert!(line.admit(application(&line, 9), CLOSE_MS - 1).is_err());
    table.round(Vec::new());
    assert_eq!(table.stage(), DrawStage::Closed);
}

#[test]
fn the_root_is_in_the_record_before_the_seed_is() {
    let mut table = drawing(1);
    table.entered(1..=3);
    table.now_ms = CLOSE_MS;
    table.rest();
    let read = |table: &Table| -> (bool, bool) {
        let sql = "SELECT root IS NOT NULL, drawn_at_ms IS NOT NULL FROM draws";
        let connection = table.committer.ledger().connection();
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    assert_eq!(read(&table), (true, false));
    table.now_ms += DRAW_PAUSE_MS;
    table.round(Vec::new());
    assert_eq!(read(&table), (true, true));
}

/// 1,300 entries are decided in three batches; the process dies after each commit in turn.
#[test]
fn a_draw_that_is_cut_short_anywhere_goes_on_to_the_same_end() {
    let outcomes = |deaths: &[usize]| -> Vec<bool> {
        let mut table = drawing(700);
        let tokens = table.entered(1..=1_300);
        table.now_ms = CLOSE_MS + DRAW_PAUSE_MS;
        for round in 0.. {
            table.round(Vec::new());
            if deaths.contains(&round) {
                table = table.restarted();
            }
            if table.stage() == DrawStage::Drawn {
                break;
            }
            table.now_ms += if table.stage() == DrawStage::Closed { DRAW_PAUSE_MS } else { 1 };
        }
        tokens.iter().map(|token| is_held(table.status(token))).collect()
    };
    let undisturbed = outcomes(&[]);
    assert_eq!(undisturbed.iter().filter(|won| **won).count(), 700);
    for deaths in [&[0][..], &[1], &[2], &[3], &[0, 1, 2, 3]] {
        assert_eq!(outcomes(deaths), undisturbed, "the process died after rounds {deaths:?}");
    }
}

#[test]
fn a_commit_that_fails_amid_a_draw_changes_nothing_of_its_end() {
    let mut table = drawing(2);
    let tokens = table.entered(1..=5);
    table.now_ms = CLOSE_MS;
    let set_read_only =
        |table: &Table, on: bool| table.committer.ledger().connection().pragma_update(None, "query_only", on).unwrap();
    for _ in 0..4 {
        set_read_only(&table, true);
        assert!(table.round(Vec::new()).failed);
        set_read_only(&table, false);
        table.round(Vec::new());
        table.now_ms += DRAW_PAUSE_MS;
        if table.stage() == DrawStage::Drawn {
            break;
        }
    }
    assert_eq!(tokens.iter().filter(|token| is_held(table.status(token))).count(), 2);
    assert_eq!(tokens.iter().filter(|token| table.status(token) == Status::Ended(Outcome::SoldOut)).count(), 3);
}

#[test]
fn the_beacon_is_taken_after_the_close_and_a_sale_whose_beacon_does_not_come_is_called_off() {
    let hold = |table: &mut Table, beacon: &str| {
        let beacon = beacon.to_owned();
        table.asked(|reply| Command::HoldDraw { sale_id: SALE, beacon, reply })
    };
    let mut table = with_beacon(1);
    let tokens = table.entered(1..=2);
    assert!(matches!(hold(&mut table, "b"), Err(Failure::Draw(DrawRefused::EntriesOpen))));
    table.now_ms = CLOSE_MS + 30_000;
    table.rest();
    assert_eq!(table.stage(), DrawStage::Closed, "time alone does not hold it");
    assert!(hold(&mut table, "b").is_ok());
    assert!(matches!(hold(&mut table, "c"), Err(Failure::Draw(DrawRefused::Held))));
    table.rest();
    assert_eq!(tokens.iter().filter(|token| is_held(table.status(token))).count(), 1);

    let mut table = with_beacon(1);
    let tokens = table.entered(1..=2);
    table.now_ms = CLOSE_MS;
    table.rest();
    table.now_ms = CLOSE_MS + 60_000;
    table.rest();
    let called_off = Status::Ended(Outcome::Rejected(sale::Rejection::SaleCalledOff));
    assert!(tokens.iter().all(|token| table.status(token) == called_off));
}

#[test]
fn what_the_draw_leaves_is_sold_to_who_comes_first_and_terms_wait_for_its_end() {
    let mut table = drawing(600);
    table.entered(1..=599);
    table.now_ms = CLOSE_MS;
    table.rest();
    table.now_ms += DRAW_PAUSE_MS;
    table.round(Vec::new());
    assert_eq!(table.stage(), DrawStage::Deciding);
    let change = Box::new(SaleChange { row: draw_row(600, None), units: None });
    assert!(matches!(table.asked(|reply| Command::ChangeSale { change, reply }), Err(Failure::Busy)));
    table.rest();
    let late = table.joined(1_000);
    table.rest();
    assert!(is_held(table.status(&late)));
}
