//! `stampede verify-draw`: a published draw, computed again.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use api::{DRAW_FILE_FORMAT, DRAW_FILE_VERSION, DrawFile};
use draw::{Entry, Published, Ranked, Units, Wrong, check, from_hex};
use sale::{OurSha256, SaleId};

/// A file, at most: ten times what the largest draw needs.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

const UNUSABLE: u8 = 2;

/// 0 where the draw is right, 1 where something differs, 2 for a file that is no draw's.
pub(crate) fn verify(path: &Path) -> ExitCode {
    let (file, draw) = match read(path) {
        Ok(read) => read,
        Err(why) => {
            eprintln!("stampede: {}: {why}", path.display());
            return ExitCode::from(UNUSABLE);
        }
    };
    let wrong = check::<OurSha256>(&draw);
    if wrong.is_empty() {
        tell_right(&file);
        return ExitCode::SUCCESS;
    }
    println!("The draw of sale {} is NOT right:", file.sale_id);
    wrong.iter().for_each(|wrong| println!("- {}", told(*wrong, &file)));
    ExitCode::from(1)
}

fn tell_right(file: &DrawFile) {
    let winners = file.entries.iter().filter(|entry| entry.won).count();
    println!("The draw of sale {} is right.", file.sale_id);
    println!("- The seed is the one that was committed to: {}", file.commitment);
    println!("- The root stands for these {} entries and no others: {}", file.entries.len(), file.root);
    println!("- Every entry has the place that seed, root and beacon give it.");
    println!("- The {} units went to the first whom they suffice: {winners} entries.", file.units);
    match &file.beacon {
        Some(beacon) => println!("Compare the beacon with its source: {} is {}", beacon.description, beacon.value),
        None => println!("No beacon was mixed in: whoever runs the shop knew the seed while entries were open."),
    }
    println!("Compare commitment and root with those that you noted before the draw.");
}

fn told(wrong: Wrong, file: &DrawFile) -> String {
    let order = |place: usize| file.entries.get(place - 1).map_or("", |entry| &entry.order_id);
    match wrong {
        Wrong::Commitment => "The seed is not the one that was committed to.".to_owned(),
        Wrong::Twice(place) => format!("Order {} is in it twice; the second time at place {place}.", order(place)),
        Wrong::Root => "The root does not stand for these entries: one was added, left out or changed.".to_owned(),
        Wrong::Place(place) => {
            format!("Place {place} does not belong to order {}: seed, root and beacon say another.", order(place))
        }
        Wrong::Won(place) => {
            let won = file.entries.get(place - 1).is_some_and(|entry| entry.won);
            let what = if won { "got units that it should not have" } else { "should have got units and did not" };
            format!("Order {} at place {place} {what}.", order(place))
        }
    }
}

fn read(path: &Path) -> Result<(DrawFile, Published), String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if read as u64 > MAX_FILE_BYTES {
        return Err(format!("larger than any draw's file: more than {MAX_FILE_BYTES} bytes"));
    }
    let file: DrawFile = serde_json::from_str(&text).map_err(|error| format!("not a draw's file: {error}"))?;
    if file.format != DRAW_FILE_FORMAT || file.version != DRAW_FILE_VERSION {
        let (format, version) = (&file.format, file.version);
        return Err(format!("{format:?} of version {version}; this program reads {DRAW_FILE_FORMAT:?} of version 1"));
    }
    let draw = published(&file).map_err(|field| format!("{field} cannot be read"))?;
    Ok((file, draw))
}

/// The file as the check takes it, or the name of a field that says nothing.
fn published(file: &DrawFile) -> Result<Published, String> {
    let digest = |name: &str, text: &str| from_hex::<32>(text).ok_or_else(|| name.to_owned());
    let id = |name: String, text: &str| text.parse::<SaleId>().map(|id| id.0.into_bytes()).map_err(|_| name);
    let ranked = |(number, entry): (usize, &api::DrawFileEntry)| {
        let order_id = id(format!("entries[{number}].order_id"), &entry.order_id)?;
        let api::DrawFileEntry { quantity, reserves, sku, won, .. } = entry.clone();
        Ok(Ranked { entry: Entry { order_id, quantity, reserves, sku }, won })
    };
    Ok(Published {
        sale_id: id("sale_id".to_owned(), &file.sale_id)?,
        commitment: digest("commitment", &file.commitment)?,
        seed: digest("seed", &file.seed)?,
        beacon: match &file.beacon {
            None => None,
            // One spelling of each value, and nothing that a terminal would take for more than text.
            Some(beacon) if beacon.description.chars().any(char::is_control) => {
                return Err("beacon.description".to_owned());
            }
            Some(beacon) if beacon.value.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                return Err("beacon.value".to_owned());
            }
            Some(beacon) => {
                digest("beacon.value", &beacon.value)?;
                Some(beacon.value.clone())
            }
        },
        root: digest("root", &file.root)?,
        units: Units { total: file.units, skus: file.sku_units.clone() },
        entries: file.entries.iter().enumerate().map(ranked).collect::<Result<_, String>>()?,
    })
}
