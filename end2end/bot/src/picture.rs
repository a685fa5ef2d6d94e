//! The bots of the picture route: Tesseract, and templates cut from the font that the pictures are set in, which is public.

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};

use ab_glyph::{Font, FontRef, Point, PxScale};

pub(crate) const FONT: &[u8] = include_bytes!("../../../server/assets/quiz-font-latin.ttf");
const ALPHABET: [char; 13] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '=', '?'];
/// A glyph is compared as a square of so many cells.
const CELLS: usize = 20;
/// Darker than this is ink.
const INK: u8 = 130;

/// A grey picture.
pub(crate) struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    pub(crate) fn decoded(png: &[u8]) -> Option<Self> {
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().ok()?;
        let mut pixels = vec![0; reader.output_buffer_size()?];
        let info = reader.next_frame(&mut pixels).ok()?;
        pixels.truncate(info.buffer_size());
        Some(Self { width: info.width as usize, height: info.height as usize, pixels })
    }

    /// How light a pixel is; outside of the picture all is white.
    pub(crate) fn grey(&self, x: usize, y: usize) -> u8 {
        if x < self.width && y < self.height { self.pixels[y * self.width + x] } else { u8::MAX }
    }

    fn is_ink(&self, x: usize, y: usize) -> bool {
        self.pixels[y * self.width + x] < INK
    }

    /// Without what is thinner than three pixels: eroded, and grown back.
    fn without_thin_lines(&self) -> Self {
        let paper = |picture: &Self, x: usize, y: usize| neighbours(x, y, picture).any(|(x, y)| !picture.is_ink(x, y));
        let eroded = self.mapped(|x, y| if paper(self, x, y) { u8::MAX } else { 0 });
        let ink = |x: usize, y: usize| neighbours(x, y, &eroded).any(|(x, y)| eroded.is_ink(x, y));
        eroded.mapped(|x, y| if ink(x, y) { 0 } else { u8::MAX })
    }

    fn mapped(&self, pixel: impl Fn(usize, usize) -> u8) -> Self {
        let places = 0..self.pixels.len();
        let pixels = places.map(|place| pixel(place % self.width, place / self.width)).collect();
        Self { width: self.width, height: self.height, pixels }
    }
}

/// What Tesseract reads on one line.
pub(crate) fn by_tesseract(png: &[u8]) -> Option<String> {
    let mut child = Command::new("tesseract")
        .args(["stdin", "stdout", "--psm", "7", "-c", "tessedit_char_whitelist=0123456789+=?"])
        .env("OMP_THREAD_LIMIT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(png).ok()?;
    let output = child.wait_with_output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Thin lines are taken away; the shapes that do not touch, from left to right, are held against the templates.
pub(crate) fn by_templates(picture: &Picture, templates: &[(char, Cells)]) -> String {
    let mut shapes = shapes(&picture.without_thin_lines());
    // No letter is as wide as this, and no part of one as small.
    shapes.retain(|shape| shape.right - shape.left < 60 && shape.points.len() > 9);
    shapes.sort_by_key(|shape| shape.left);
    let mut joined: Vec<Shape> = Vec::new();
    for shape in shapes {
        match joined.last_mut() {
            // The two bars of an equals sign, the point of a question mark.
            Some(last) if shape.left + (shape.right - shape.left) / 2 < last.right => last.join(shape),
            _ => joined.push(shape),
        }
    }
    joined.iter().filter(|shape| shape.points.len() > 25).map(|shape| nearest(&shape.cells(), templates)).collect()
}

pub(crate) type Cells = [[f32; CELLS]; CELLS];

struct Shape {
    left: usize,
    right: usize,
    points: Vec<(usize, usize)>,
}

impl Shape {
    fn join(&mut self, other: Self) {
        self.left = self.left.min(other.left);
        self.right = self.right.max(other.right);
        self.points.extend(other.points);
    }

    fn cells(&self) -> Cells {
        cells(self.points.iter().map(|&(x, y)| (x as f32, y as f32)).collect())
    }
}

/// Points as a square, with their proportions kept.
fn cells(points: Vec<(f32, f32)>) -> Cells {
    let bounds = |values: Vec<f32>| values.iter().fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let (left, right) = bounds(points.iter().map(|point| point.0).collect());
    let (top, bottom) = bounds(points.iter().map(|point| point.1).collect());
    let scale = (CELLS as f32 - 1.0) / (right - left).max(bottom - top).max(1.0);
    let mut cells = [[0.0; CELLS]; CELLS];
    let middle = |low: f32, high: f32| (CELLS as f32 - 1.0 - (high - low) * scale) / 2.0;
    for (x, y) in points {
        let column = (x - left) * scale + middle(left, right);
        let row = (y - top) * scale + middle(top, bottom);
        cells[row as usize][column as usize] = 1.0;
    }
    cells
}

fn shapes(picture: &Picture) -> Vec<Shape> {
    let mut seen = vec![false; picture.pixels.len()];
    let mut shapes = Vec::new();
    for start in 0..picture.pixels.len() {
        if seen[start] || !picture.is_ink(start % picture.width, start / picture.width) {
            continue;
        }
        let mut shape = Shape { left: usize::MAX, right: 0, points: Vec::new() };
        let mut stack = vec![start];
        seen[start] = true;
        while let Some(place) = stack.pop() {
            let (x, y) = (place % picture.width, place / picture.width);
            shape.left = shape.left.min(x);
            shape.right = shape.right.max(x);
            shape.points.push((x, y));
            for (near_x, near_y) in neighbours(x, y, picture) {
                let near = near_y * picture.width + near_x;
                if !seen[near] && picture.is_ink(near_x, near_y) {
                    seen[near] = true;
                    stack.push(near);
                }
            }
        }
        shapes.push(shape);
    }
    shapes
}

fn neighbours(x: usize, y: usize, picture: &Picture) -> impl Iterator<Item = (usize, usize)> + use<> {
    let (right, bottom) = ((x + 1).min(picture.width - 1), (y + 1).min(picture.height - 1));
    (y.saturating_sub(1)..=bottom).flat_map(move |row| (x.saturating_sub(1)..=right).map(move |column| (column, row)))
}

/// Each character as the font draws it, upright, and turned and sheared as the shop's pictures do.
pub(crate) fn templates() -> Vec<(char, Cells)> {
    let font = FontRef::try_from_slice(FONT).expect("a font");
    let mut templates = Vec::new();
    for character in ALPHABET {
        let glyph = font.glyph_id(character).with_scale_and_position(PxScale::from(40.0), Point { x: 0.0, y: 0.0 });
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let mut points = Vec::new();
        outline.draw(|x, y, coverage| {
            if coverage > 0.5 {
                points.push((x as f32, y as f32));
            }
        });
        for turn in [-0.2_f32, -0.1, 0.0, 0.1, 0.2] {
            for shear in [-0.24_f32, -0.12, 0.0, 0.12, 0.24] {
                let (sin, cos) = turn.sin_cos();
                let placed = points.iter().map(|&(x, y)| {
                    let x = x + y * shear;
                    (x * cos - y * sin, x * sin + y * cos)
                });
                templates.push((character, cells(placed.collect())));
            }
        }
    }
    templates
}

fn nearest(shape: &Cells, templates: &[(char, Cells)]) -> char {
    let unlike = |template: &Cells| -> f32 {
        shape.iter().flatten().zip(template.iter().flatten()).map(|(a, b)| (a - b).abs()).sum()
    };
    let best = templates.iter().min_by(|a, b| unlike(&a.1).total_cmp(&unlike(&b.1)));
    best.map_or('?', |(character, _)| *character)
}

/// The answer to a sum as it was read, if it reads as one: `17 + 8 = ?` or `? + 8 = 25`.
pub(crate) fn answer(read: &str) -> Option<i64> {
    let text: String = read.chars().filter(|character| !character.is_whitespace()).collect();
    let (sum, total) = text.split_once('=')?;
    let (a, b) = sum.split_once('+')?;
    let number = |part: &str| part.parse::<i64>().ok();
    match number(a) {
        Some(a) => Some(a + number(b)?),
        None => Some(number(total)? - number(b)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_was_read_is_calculated() {
        assert_eq!(answer("17+8=?"), Some(25));
        assert_eq!(answer("? + 8 = 17"), Some(9));
        assert_eq!(answer("l7+8"), None);
    }

    #[test]
    fn the_templates_know_themselves() {
        let templates = templates();
        for (character, cells) in templates.iter().step_by(13) {
            assert_eq!(nearest(cells, &templates), *character);
        }
    }
}
