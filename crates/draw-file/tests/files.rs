//! Files of draws, cut anywhere, and files that are none.

use std::collections::BTreeMap;

use api::{DrawFile, DrawFileBeacon, DrawFileEntry};
use draw_file::{ReadDraw, Reader, Unreadable, id_text};
use serde_json::{Value, json};

fn file() -> DrawFile {
    let entry = |number: u8| DrawFileEntry {
        order_id: id_text(&[number; 16]),
        quantity: u32::from(number) + 1,
        // Written by merchants; a cutter that looked for brackets alone would stumble.
        sku: (number % 2 == 1).then(|| r#"a"}, {\"]["#.to_owned()),
        reserves: number != 2,
        won: number < 2,
    };
    DrawFile {
        format: "stampede-draw".to_owned(),
        version: 1,
        sale_id: "0192f0c1-7a55-7c1e-9d6b-3f1f6a0b2c11".to_owned(),
        commitment: "11".repeat(32),
        seed: "22".repeat(32),
        beacon: Some(DrawFileBeacon { description: "round [7]".to_owned(), value: "ab".repeat(32) }),
        root: "33".repeat(32),
        units: 4,
        sku_units: BTreeMap::from([("{[".to_owned(), 2)]),
        entries: (0..5).map(entry).collect(),
    }
}

fn read(text: &str, bytes_at_once: usize) -> Result<ReadDraw, Unreadable> {
    let mut reader = Reader::default();
    text.as_bytes().chunks(bytes_at_once).try_for_each(|bytes| reader.push(bytes))?;
    reader.finish()
}

#[test]
fn a_file_is_read_however_it_is_cut_and_laid_out() {
    let file = file();
    let (dense, loose) = (serde_json::to_string(&file).unwrap(), serde_json::to_string_pretty(&file).unwrap());
    // Another program may write the fields in another order.
    let by_name = serde_json::to_value(&file).unwrap().to_string();
    for text in [dense, loose, by_name] {
        for bytes_at_once in [1, 2, 7, 64, text.len()] {
            let ReadDraw { head, draw } = read(&text, bytes_at_once).unwrap();
            assert_eq!(head, DrawFile { entries: Vec::new(), ..file.clone() });
            assert_eq!((draw.commitment, draw.beacon.as_deref()), ([0x11; 32], Some("ab".repeat(32).as_str())));
            assert_eq!((draw.units.total, draw.units.skus["{["]), (4, 2));
            assert_eq!(draw.entries.len(), 5);
            for (ranked, told) in draw.entries.iter().zip(&file.entries) {
                assert_eq!(id_text(&ranked.entry.order_id), told.order_id);
                assert_eq!((ranked.entry.quantity, &ranked.entry.sku), (told.quantity, &told.sku));
                assert_eq!((ranked.entry.reserves, ranked.won), (told.reserves, told.won));
            }
        }
    }
}

#[test]
fn a_draw_without_entries_is_one() {
    let text = serde_json::to_string(&DrawFile { entries: Vec::new(), ..file() }).unwrap();
    assert!(read(&text, 3).unwrap().draw.entries.is_empty());
}

#[test]
fn what_is_no_draws_file_is_refused_and_told_why() {
    let whole = serde_json::to_string(&file()).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = serde_json::to_value(file()).unwrap();
        change(&mut value);
        value.to_string()
    };
    for (text, why) in [
        (String::new(), "not a draw's file"),
        ("{}".to_owned(), "not a draw's file"),
        (whole[..whole.len() - 1].to_owned(), "not a draw's file"),
        (whole[..whole.len() - 9].to_owned(), "not a draw's file"),
        (format!("{whole}{{}}"), "not a draw's file"),
        (format!("[{whole}]"), "not a draw's file"),
        (changed(&|file| file["entries"] = json!([1])), "not a draw's file"),
        (changed(&|file| file["entries"] = json!([[{}]])), "not a draw's file"),
        (changed(&|file| file["entries"][3]["shopper"] = json!("mei")), "unknown field `shopper`"),
        (changed(&|file| file["more"] = json!([])), "unknown field `more`"),
        (changed(&|file| file["entries"][3]["sku"] = json!("s".repeat(2_000))), "longer than any"),
        (changed(&|file| file["units"] = json!("s".repeat(2_000_000))), "longer than any"),
        (changed(&|file| file["version"] = json!(2)), "of version 2; this program reads"),
        (changed(&|file| file["seed"] = json!("AB".repeat(32))), "seed cannot be read"),
        (changed(&|file| file["entries"][3]["order_id"] = json!("3")), "entries[3].order_id cannot be read"),
        (changed(&|file| file["beacon"]["value"] = json!("AB".repeat(32))), "beacon.value cannot be read"),
        (changed(&|file| file["beacon"]["description"] = json!("\u{1b}[1m")), "beacon.description cannot be read"),
    ] {
        let told = read(&text, 11).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains(why), "{told} instead of {why}");
    }
}
