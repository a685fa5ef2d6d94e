//! One world: its clock, its process, its actors, and what they do next.

use std::collections::VecDeque;
use std::sync::Arc;

use committer::Committer;
use intake::{Line, Status};
use ledger::SqliteLedger;
use sale::QueueClaims;

use crate::coverage::Coverage;
use crate::dice::Dice;
use crate::disk::Disk;
use crate::oracle::Oracle;
use crate::parts::{Ask, Checked, Inbox, Message, Pass, Request, Shop, ensure};
use crate::setup;

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) now_us: i64,
    pub(crate) disk: Disk,
    /// None while no process runs.
    pub(crate) committer: Option<Committer<Disk>>,
    pub(crate) lines: Vec<Option<Arc<Line>>>,
    pub(crate) shops: Vec<Shop>,
    pub(crate) shoppers: usize,
    pub(crate) passes: Vec<Pass>,
    pub(crate) requests: Vec<Request>,
    pub(crate) messages: Vec<Message>,
    /// Asked of the committer, and not taken by a round yet.
    pub(crate) pending: VecDeque<Ask>,
    pub(crate) inbox: Inbox,
    pub(crate) oracle: Oracle,
    pub(crate) cover: Coverage,
    pub(crate) trace: Option<Vec<String>>,
    pub(crate) step: u32,
    /// Whether the present step has done anything.
    pub(crate) did: bool,
    /// Whether rules of the record are broken in this world: then most rounds do one thing only.
    pub(crate) breaks_rules: bool,
}

/// Notes a line of the trace, where one is kept.
macro_rules! note {
    ($world:expr, $($text:tt)+) => {
        if let Some(trace) = &mut $world.trace {
            trace.push(format!("{:>4} {:>10} ms  {}", $world.step, ($world.now_us / 1_000) - $crate::setup::BEGIN_MS, format!($($text)+)));
        }
    };
}
pub(crate) use note;

#[derive(Clone, Copy)]
enum Step {
    Clock,
    Order,
    Resend,
    Poll,
    Pay,
    Cancel,
    Provider,
    Deliver,
    Merchant,
    Round,
    DiskFault,
    Crash,
}

const STEPS: [(u32, Step); 12] = [
    (100, Step::Clock),
    (230, Step::Order),
    (40, Step::Resend),
    (25, Step::Poll),
    (110, Step::Pay),
    (30, Step::Cancel),
    (80, Step::Provider),
    (110, Step::Deliver),
    (30, Step::Merchant),
    (300, Step::Round),
    (25, Step::DiskFault),
    (6, Step::Crash),
];

impl World {
    /// A world at its beginning, over an empty record.
    pub(crate) fn of(seed: u64, mut store: SqliteLedger, traced: bool) -> Self {
        let mut dice = Dice::of(seed);
        let shops = setup::begin(&mut dice, &mut store);
        let oracle = Oracle::new(&shops);
        let shoppers = 5 + dice.below(21);
        let breaks_rules = dice.percent(20);
        Self {
            dice,
            now_us: setup::BEGIN_MS * 1_000,
            disk: Disk::of(store),
            committer: None,
            lines: Vec::new(),
            shops,
            shoppers,
            passes: Vec::new(),
            requests: Vec::new(),
            messages: Vec::new(),
            pending: VecDeque::new(),
            inbox: Inbox::default(),
            oracle,
            cover: Coverage::default(),
            trace: traced.then(Vec::new),
            step: 0,
            did: false,
            breaks_rules,
        }
    }

    pub(crate) const fn now_ms(&self) -> i64 {
        self.now_us.div_euclid(1_000)
    }

    /// Lives for so many steps, and then until all is done.
    pub(crate) fn live(&mut self, steps: u32) -> Checked {
        self.start()?;
        for step in 1..=steps {
            self.step = step;
            self.step()?;
        }
        self.step = steps + 1;
        self.come_to_rest()
    }

    /// One thing that somebody does or that befalls; where it turns out to be nothing, another is tried.
    fn step(&mut self) -> Checked {
        self.did = false;
        for _ in 0..12 {
            self.act()?;
            if self.did {
                break;
            }
        }
        self.poll_open()
    }

    fn act(&mut self) -> Checked {
        match self.dice.weighted(&STEPS) {
            Step::Clock => self.advance(),
            Step::Order => self.order()?,
            Step::Resend => self.resend()?,
            Step::Poll => self.poll()?,
            Step::Pay => self.ask_to_pay(),
            Step::Cancel => self.ask_to_cancel(),
            Step::Provider => self.provider_decides(),
            Step::Deliver => self.provider_sends(),
            Step::Merchant => self.merchant_acts(),
            Step::Round if self.has_work() => {
                self.did = true;
                self.round()?;
            }
            Step::Round => {}
            Step::DiskFault => self.break_disk(),
            Step::Crash => self.crash()?,
        }
        Ok(())
    }

    /// Whether a round has anything to do.
    fn has_work(&self) -> bool {
        self.committer.as_ref().is_none_or(|committer| {
            let due = committer.next_due_ms().is_some_and(|due_ms| due_ms <= self.now_ms());
            due || !self.pending.is_empty() || committer.has_queued() || self.oracle.lags
        })
    }

    /// Time goes on: a little, or to just about when something is due.
    fn advance(&mut self) {
        let due_ms = self.committer.as_ref().and_then(Committer::next_due_ms);
        self.did = true;
        let by_us = match self.dice.below(20) {
            0..=8 => self.dice.between(1, 999_999),
            9..=13 => self.dice.between(1_000_000, 8_000_000),
            14 => self.dice.between(8_000_000, 50_000_000),
            _ => match due_ms {
                Some(due_ms) if due_ms > self.now_ms() => {
                    (due_ms + self.dice.between(-1, 1)) * 1_000 + self.dice.between(0, 999) - self.now_us
                }
                _ => self.dice.between(0, 2_000),
            },
        };
        self.now_us += by_us.max(0);
        self.cover.hit("action: time goes on");
        note!(self, "time goes on by {} us", by_us.max(0));
    }

    pub(crate) fn line(&self, sale: usize) -> Option<&Arc<Line>> {
        self.lines.get(sale).and_then(Option::as_ref)
    }

    /// Looks up the lines that are on.
    pub(crate) fn look_up_lines(&mut self) {
        let committer = self.committer.as_ref();
        let line = |shop: &Shop| committer.and_then(|committer| committer.line(shop.sale_id));
        self.lines = self.shops.iter().map(line).collect();
    }

    /// What a token says, as the server would answer it.
    pub(crate) fn status(&self, sale: usize, claims: &QueueClaims) -> Status {
        match self.line(sale) {
            Some(line) => line.status(claims),
            None => self.disk.with(|connection| past_status(connection, claims)),
        }
    }

    /// Polls the tokens that have not ended.
    fn poll_open(&mut self) -> Checked {
        self.poll_where(|token| !token.is_final())
    }

    pub(crate) fn poll_where(&mut self, wanted: impl Fn(&crate::oracle::Token) -> bool) -> Checked {
        if self.committer.is_none() {
            return Ok(());
        }
        for sale in 0..self.shops.len() {
            let tokens = self.oracle.sales[sale].tokens.iter().filter(|(_, token)| wanted(token));
            let heard: Vec<_> = tokens
                .filter_map(|(turn, token)| {
                    let status = self.status(sale, &token.claims);
                    (status != token.status).then_some((*turn, status))
                })
                .collect();
            for (turn, status) in heard {
                self.oracle.polled(sale, turn, status, &mut self.cover)?;
                note!(self, "sale {sale}: token {turn:?} says {status:?}");
            }
        }
        Ok(())
    }

    /// A process begins, over what the disk has.
    pub(crate) fn start(&mut self) -> Checked {
        let opened = Committer::open(self.disk.clone(), self.now_us);
        let (_, hits) = self.disk.take_applied();
        hits.into_iter().for_each(|hit| self.cover.hit(hit));
        match opened {
            Ok((committer, tally)) => {
                ensure!(tally.set_aside == 0, "10", "a sale's record cannot be read back");
                self.committer = Some(committer);
                self.look_up_lines();
                self.compare_books(true)?;
                self.poll_where(|_| true)
            }
            Err(error) => {
                self.cover.hit("branch: a process cannot start, the record is unavailable");
                note!(self, "the process cannot start: {error}");
                Ok(())
            }
        }
    }

    /// The process dies, and another begins: its wall clock may say another time.
    pub(crate) fn crash(&mut self) -> Checked {
        self.did = true;
        self.cover.hit("fault: crash between rounds");
        note!(self, "the process dies");
        self.after_death()
    }

    pub(crate) fn after_death(&mut self) -> Checked {
        self.committer = None;
        self.lines.clear();
        self.pending.clear();
        self.inbox = Inbox::default();
        let set_us = match self.dice.below(6) {
            0 => -self.dice.between(1, 300_000_000),
            1 => self.dice.between(1, 60_000_000),
            2 => -self.dice.between(1, 3_000_000),
            _ => self.dice.between(1, 2_000_000),
        };
        self.cover.hit(if set_us < 0 { "fault: clock set back at a restart" } else { "action: restart" });
        self.now_us += set_us;
        note!(self, "a new process, the clock moved by {set_us} us");
        self.oracle.restarted(&self.disk, &mut self.cover)?;
        if self.dice.percent(15) {
            self.disk.fail_next_read();
        }
        self.start()
    }

    /// The committer's books against those replayed from the events.
    pub(crate) fn compare_books(&mut self, whole: bool) -> Checked {
        let Some(committer) = &self.committer else { return Ok(()) };
        for known in &self.oracle.sales {
            let mirror = &known.account.mirror;
            let Some(book) = committer.book(known.account.row.sale_id) else { continue };
            let alike = if whole { book == mirror } else { book.shelf() == mirror.shelf() };
            ensure!(alike, "10", "the book is not what replaying the log gives: {book:?}\nagainst {mirror:?}");
        }
        Ok(())
    }
}

/// Where a token stands when its sale is out of memory: the record knows.
fn past_status(connection: &rusqlite::Connection, claims: &QueueClaims) -> Status {
    crate::past::status(connection, claims).expect("the record is read")
}
