//! A question as a PNG: letters set one by one, each turned, moved and sheared, under strokes as dark as they are, and the
//! whole of it bent.
//!
//! This stops a script that reads text from the page, and text recognition off the shelf. It does not stop one that was
//! trained on these pictures, such as the one in `end2end/bot`; docs/QUIZ.md has the figures. No grain: it stopped
//! nothing, and made a picture three times as many bytes at the one instant when everybody fetches one.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, OutlinedGlyph, Point, PxScale, ScaleFont};
use bytes::Bytes;

const WIDTH: usize = 480;
const MARGIN: f32 = 20.0;
const LINE_HEIGHT: f32 = 50.0;
const SIZE: f32 = 34.0;
/// A little: some letters touch, and none hides another.
const SPACING: f32 = 2.5;
const MAX_LINES: usize = 6;
/// Paper and ink, as on the page.
const PAPER: u8 = 244;
/// As dark as the letters and nearly as thick, so that neither a threshold nor an erosion takes them away alone.
const STROKES: usize = 2;
const STROKE_WIDTH: f32 = 3.6;

static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    let font = |bytes| FontRef::try_from_slice(bytes).expect("the fonts in the binary are fonts");
    [
        font(include_bytes!("../../assets/quiz-font-latin.ttf").as_slice()),
        font(include_bytes!("../../assets/quiz-font-han.ttf").as_slice()),
    ]
});

/// Small, quick and seeded: SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between −`reach` and `reach`.
    fn around(&mut self, reach: f32) -> f32 {
        ((self.next() >> 40) as f32 / (1 << 24) as f32 * 2.0 - 1.0) * reach
    }
}

struct Canvas {
    height: usize,
    /// How much ink, 0 to 1, a pixel.
    ink: Vec<f32>,
}

impl Canvas {
    fn add(&mut self, x: f32, y: f32, coverage: f32) {
        if x >= 0.0 && y >= 0.0 && (x as usize) < WIDTH && (y as usize) < self.height {
            let pixel = &mut self.ink[y as usize * WIDTH + x as usize];
            *pixel = (*pixel + coverage).min(1.0);
        }
    }
}

impl Canvas {
    /// The ink between four pixels, by how near each is.
    fn between(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (right_share, bottom_share) = (x - left, y - top);
        let pixel = |x: f32, y: f32| {
            let inside = x >= 0.0 && y >= 0.0 && (x as usize) < WIDTH && (y as usize) < self.height;
            if inside { self.ink[y as usize * WIDTH + x as usize] } else { 0.0 }
        };
        pixel(left, top) * (1.0 - right_share) * (1.0 - bottom_share)
            + pixel(left + 1.0, top) * right_share * (1.0 - bottom_share)
            + pixel(left, top + 1.0) * (1.0 - right_share) * bottom_share
            + pixel(left + 1.0, top + 1.0) * right_share * bottom_share
    }
}

/// The first character that none of the fonts has, if there is one.
pub(crate) fn can_be_drawn(text: &str) -> Result<(), char> {
    match text.chars().find(|&character| character != ' ' && glyph_of(character).is_none()) {
        Some(character) => Err(character),
        None => Ok(()),
    }
}

fn glyph_of(character: char) -> Option<(&'static FontRef<'static>, GlyphId)> {
    FONTS.iter().map(|font| (font, font.glyph_id(character))).find(|(_, glyph_id)| glyph_id.0 != 0)
}

/// Draws the text; another seed gives another picture of it.
pub(crate) fn draw(text: &str, seed: u64) -> Bytes {
    let mut dice = Dice(seed);
    let lines = broken(text);
    let height = (lines.len() as f32 * LINE_HEIGHT + MARGIN * 2.0) as usize;
    let mut canvas = Canvas { height, ink: vec![0.0; WIDTH * height] };
    for (number, line) in lines.iter().enumerate() {
        let slack = (WIDTH as f32 - MARGIN * 2.0 - width_of(line)).max(0.0);
        let mut x = MARGIN + slack / 2.0 + dice.around(slack / 4.0);
        let baseline = MARGIN + LINE_HEIGHT * (number as f32 + 0.72);
        for character in line.chars() {
            letter(&mut canvas, &mut dice, character, x, baseline);
            x += advance_of(character);
        }
    }
    for _ in 0..STROKES {
        stroke(&mut canvas, &mut dice);
    }
    encoded(&bent(&canvas, &mut dice))
}

/// Lines that fit, broken at spaces, or anywhere in scripts that have none.
fn broken(text: &str) -> Vec<String> {
    let room = WIDTH as f32 - MARGIN * 2.0;
    let mut lines = vec![String::new()];
    for word in text.split_inclusive([' ', '，', '。', '？', '、']) {
        let fits = |line: &str, more: &str| width_of(line) + width_of(more.trim_end()) <= room;
        let last = lines.last().map_or("", String::as_str);
        if !last.is_empty() && !fits(last, word) && width_of(word) <= room {
            lines.push(String::new());
        }
        for character in word.chars() {
            let last = lines.last().map_or("", String::as_str);
            if !last.is_empty() && !fits(last, character.encode_utf8(&mut [0; 4])) {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
        }
    }
    lines.truncate(MAX_LINES);
    lines
}

fn width_of(line: &str) -> f32 {
    line.chars().map(advance_of).sum()
}

fn advance_of(character: char) -> f32 {
    match glyph_of(character) {
        Some((font, glyph_id)) => font.as_scaled(SIZE).h_advance(glyph_id) + SPACING,
        None => SIZE * 0.35,
    }
}

fn letter(canvas: &mut Canvas, dice: &mut Dice, character: char, x: f32, baseline: f32) {
    let Some((font, glyph_id)) = glyph_of(character) else { return };
    let size = SIZE * (1.0 + dice.around(0.12));
    let glyph = glyph_id.with_scale_and_position(PxScale::from(size), Point { x: 0.0, y: 0.0 });
    let Some(outlined) = font.outline_glyph(glyph) else { return };
    let (sin, cos) = dice.around(0.24).sin_cos();
    let shear = dice.around(0.28);
    let (x, y) = (x + dice.around(2.0), baseline + dice.around(5.0));
    set(canvas, &outlined, |px, py| {
        let px = px + py * shear;
        (x + px * cos - py * sin, y + px * sin + py * cos)
    });
}

/// Puts a glyph's pixels where `place` says, spread over the four next ones so that no hole opens.
fn set(canvas: &mut Canvas, outlined: &OutlinedGlyph, place: impl Fn(f32, f32) -> (f32, f32)) {
    let bounds = outlined.px_bounds();
    outlined.draw(|column, row, coverage| {
        let (x, y) = place(bounds.min.x + column as f32, bounds.min.y + row as f32);
        let (left, top) = (x.floor(), y.floor());
        let (right_share, bottom_share) = (x - left, y - top);
        for (dx, share_x) in [(0.0, 1.0 - right_share), (1.0, right_share)] {
            for (dy, share_y) in [(0.0, 1.0 - bottom_share), (1.0, bottom_share)] {
                canvas.add(left + dx, top + dy, coverage * share_x * share_y);
            }
        }
    });
}

/// A wave across the picture, through the letters.
fn stroke(canvas: &mut Canvas, dice: &mut Dice) {
    let middle = canvas.height as f32 * (0.5 + dice.around(0.22));
    // Steep, so that it crosses letters and runs along none.
    let (slope, reach, phase) = (dice.around(0.08), 16.0 + dice.around(4.0), dice.around(3.0));
    let length = 24.0 + dice.around(5.0);
    for step in 0..WIDTH {
        let x = step as f32;
        let y = middle + slope * (x - WIDTH as f32 / 2.0) + reach * (x / length + phase).sin();
        let (top, bottom) = (y - STROKE_WIDTH / 2.0, y + STROKE_WIDTH / 2.0);
        let mut row = top.floor();
        while row < bottom {
            canvas.add(x, row, bottom.min(row + 1.0) - top.max(row));
            row += 1.0;
        }
    }
}

/// The whole picture, bent smoothly in both directions: no letter keeps the form that a template of it has.
fn bent(canvas: &Canvas, dice: &mut Dice) -> Canvas {
    let wave = |dice: &mut Dice, reach: f32| {
        let (length, phase) = (24.0 + dice.around(8.0), dice.around(3.2));
        move |place: f32| reach * (place / length + phase).sin()
    };
    let (along, across) = (wave(dice, 2.6), wave(dice, 3.6));
    let mut ink = vec![0.0; canvas.ink.len()];
    for row in 0..canvas.height {
        for column in 0..WIDTH {
            let (x, y) = (column as f32 + along(row as f32), row as f32 + across(column as f32));
            ink[row * WIDTH + column] = canvas.between(x, y);
        }
    }
    Canvas { height: canvas.height, ink }
}

fn encoded(canvas: &Canvas) -> Bytes {
    let pixel = |ink: &f32| (f32::from(PAPER) * (1.0 - ink * 0.9)) as u8;
    let pixels: Vec<u8> = canvas.ink.iter().map(pixel).collect();
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, WIDTH as u32, canvas.height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.expect("an image in memory of the stated size can be written");
    png.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_picture_and_another_seed_another() {
        assert_eq!(draw("7 + 5 = ?", 1), draw("7 + 5 = ?", 1));
        assert_ne!(draw("7 + 5 = ?", 1), draw("7 + 5 = ?", 2));
    }

    #[test]
    fn long_questions_are_broken_into_lines_that_fit() {
        for text in [
            "What is the capital of the country that the Great Wall stands in, please?",
            "秒杀活动开始的时间是几点钟请用数字回答谢谢大家的参与",
        ] {
            let lines = broken(text);
            assert!(lines.len() > 1 && lines.len() <= MAX_LINES, "{lines:?}");
            assert!(lines.iter().all(|line| width_of(line.trim_end()) <= WIDTH as f32 - MARGIN * 2.0), "{lines:?}");
        }
    }

    #[test]
    fn what_the_fonts_lack_is_named() {
        assert_eq!(can_be_drawn("Größe? 秒杀 €5"), Ok(()));
        assert_eq!(can_be_drawn("smile 😀"), Err('😀'));
    }
}
