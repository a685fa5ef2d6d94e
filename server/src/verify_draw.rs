//! `stampede verify-draw`: a published draw, computed again.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::ExitCode;

use draw::{Published, Wrong, check};
use draw_file::{ReadDraw, Reader, id_text};
use sale::OurSha256;

/// A file, at most: ten times what the largest draw needs.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

const UNUSABLE: u8 = 2;

/// 0 where the draw is right, 1 where something differs, 2 for a file that is no draw's.
pub(crate) fn verify(path: &Path) -> ExitCode {
    let read = match read(path) {
        Ok(read) => read,
        Err(why) => {
            eprintln!("stampede: {}: {why}", path.display());
            return ExitCode::from(UNUSABLE);
        }
    };
    let wrong = check::<OurSha256>(&read.draw);
    if wrong.is_empty() {
        tell_right(&read);
        return ExitCode::SUCCESS;
    }
    println!("The draw of sale {} is NOT right:", read.head.sale_id);
    wrong.iter().for_each(|wrong| println!("- {}", told(*wrong, &read.draw)));
    ExitCode::from(1)
}

fn tell_right(ReadDraw { head, draw }: &ReadDraw) {
    let winners = draw.entries.iter().filter(|entry| entry.won).count();
    println!("The draw of sale {} is right.", head.sale_id);
    println!("- The seed is the one that was committed to: {}", head.commitment);
    println!("- The root stands for these {} entries and no others: {}", draw.entries.len(), head.root);
    println!("- Every entry has the place that seed, root and beacon give it.");
    println!("- The {} units went to the first whom they suffice: {winners} entries.", head.units);
    match &head.beacon {
        Some(beacon) => println!("Compare the beacon with its source: {} is {}", beacon.description, beacon.value),
        None => println!("No beacon was mixed in: whoever runs the shop knew the seed while entries were open."),
    }
    println!("Compare commitment and root with those that you noted before the draw.");
}

fn told(wrong: Wrong, draw: &Published) -> String {
    let order = |place: usize| draw.entries.get(place - 1).map_or_else(String::new, |at| id_text(&at.entry.order_id));
    match wrong {
        Wrong::Commitment => "The seed is not the one that was committed to.".to_owned(),
        Wrong::Twice(place) => format!("Order {} is in it twice; the second time at place {place}.", order(place)),
        Wrong::Root => "The root does not stand for these entries: one was added, left out or changed.".to_owned(),
        Wrong::Place(place) => {
            format!("Place {place} does not belong to order {}: seed, root and beacon say another.", order(place))
        }
        Wrong::Won(place) => {
            let won = draw.entries.get(place - 1).is_some_and(|entry| entry.won);
            let what = if won { "got units that it should not have" } else { "should have got units and did not" };
            format!("Order {} at place {place} {what}.", order(place))
        }
    }
}

fn read(path: &Path) -> Result<ReadDraw, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut source = BufReader::new(file.take(MAX_FILE_BYTES + 1));
    let mut reader = Reader::default();
    let mut taken = 0;
    loop {
        let bytes = source.fill_buf().map_err(|error| error.to_string())?;
        if bytes.is_empty() {
            return reader.finish().map_err(|error| error.to_string());
        }
        let length = bytes.len();
        taken += length as u64;
        if taken > MAX_FILE_BYTES {
            return Err(format!("larger than any draw's file: more than {MAX_FILE_BYTES} bytes"));
        }
        reader.push(bytes).map_err(|error| error.to_string())?;
        source.consume(length);
    }
}
