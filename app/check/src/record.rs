//! The draw's public record, fetched and computed again without keeping the page from its reader.

use api::{Draw, DrawReceipts, DrawStage, Me};
use draw::{Check, Wrong};
use draw_file::{ReadDraw, Reader, Unreadable};

use crate::{
    OurSha256,
    http::{self, Stream, Trouble},
    place::Place,
};

/// So long the check works before it lets the page breathe: less than a frame.
const SLICE_MS: f64 = 10.0;

/// Between two looks at the time; a millisecond or so on a slow phone.
const ENTRIES_AT_ONCE: usize = 64;

/// How much of the whole is the fetching, for the bar.
const FETCHING: f64 = 0.4;

/// The shopper's own entries.
pub(crate) enum Own {
    SignedOut,
    Unknown,
    Receipts(DrawReceipts),
}

pub(crate) struct Found {
    /// What the shop tells of the draw besides the record.
    pub(crate) told: Draw,
    pub(crate) record: Result<(ReadDraw, Vec<Wrong>), Unreadable>,
    pub(crate) own: Own,
}

pub(crate) async fn fetched(place: &Place) -> Result<Found, Trouble> {
    let path = ["/api/sales/", &place.sale_id, "/draw"].concat();
    let told: Draw = http::get(&path).await?;
    if told.stage != DrawStage::Drawn {
        return Err(Trouble::TooEarly(Box::new(told)));
    }
    let mut pace = Pace::new(place);
    let record = match read(&path, &told, &mut pace).await? {
        Ok(read) => {
            let wrong = computed(&read, &mut pace).await;
            Ok((read, wrong))
        }
        Err(error) => Err(error),
    };
    Ok(Found { told, record, own: own(&path).await })
}

async fn read(path: &str, told: &Draw, pace: &mut Pace<'_>) -> Result<Result<ReadDraw, Unreadable>, Trouble> {
    let stream = Stream::open(&[path, "/entries"].concat()).await?;
    let mut reader = Reader::default();
    while let Some(bytes) = stream.next().await? {
        // A browser may hand over all that came in meanwhile at once.
        for part in bytes.chunks(16 * 1024) {
            if let Err(error) = reader.push(part) {
                return Ok(Err(error));
            }
            pace.go_on(FETCHING * reader.entries() as f64 / told.entries.max(1) as f64).await;
        }
    }
    Ok(reader.finish())
}

async fn computed(read: &ReadDraw, pace: &mut Pace<'_>) -> Vec<Wrong> {
    let mut check = Check::new(&read.draw);
    while check.step::<OurSha256>(ENTRIES_AT_ONCE) {
        pace.go_on(FETCHING + (1.0 - FETCHING) * check.done()).await;
    }
    check.wrong::<OurSha256>()
}

/// Who is not signed in is not asked for: the refusal would stand in the browser's log as an error.
async fn own(path: &str) -> Own {
    match http::get::<Me>("/csi/me").await {
        Ok(me) if !me.signed_in => Own::SignedOut,
        Ok(_) => http::get(&[path, "/receipt"].concat()).await.map_or(Own::Unknown, Own::Receipts),
        Err(_) => Own::Unknown,
    }
}

/// Works in slices, and moves the bar between them.
struct Pace<'a> {
    place: &'a Place,
    since_ms: f64,
}

impl<'a> Pace<'a> {
    fn new(place: &'a Place) -> Self {
        Self { place, since_ms: now_ms() }
    }

    async fn go_on(&mut self, done: f64) {
        if now_ms() - self.since_ms >= SLICE_MS {
            self.place.show_progress(done);
            gloo_timers::future::TimeoutFuture::new(0).await;
            self.since_ms = now_ms();
        }
    }
}

fn now_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}
