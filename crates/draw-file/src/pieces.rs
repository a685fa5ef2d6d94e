//! Cuts a JSON document, byte after byte, into the elements of its one list and what stands around it. It judges nothing:
//! what is cut is read by a JSON reader, and whatever is no draw's file fails there.

/// All around the entries; SKUs are the only part of it that can grow.
const MAX_HEAD_BYTES: usize = 1024 * 1024;

/// One entry with its SKU has under 200.
const MAX_ENTRY_BYTES: usize = 1024;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Nothing is whole yet.
    None,
    /// An entry is whole: [`Pieces::entry`], until the next byte.
    Entry,
    TooLong,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    Inside,
    /// The byte before was a backslash.
    Escaped,
}

#[derive(Default)]
pub(crate) struct Pieces {
    /// The document with an empty list in the place of its own.
    head: Vec<u8>,
    entry: Vec<u8>,
    text: Text,
    /// Objects and lists that are open.
    depth: usize,
    in_list: bool,
    /// The entry has been handed on: the next byte begins another.
    is_whole: bool,
}

/// How deep the list's own elements lie: in the document's object, in its list.
const LIST_DEPTH: usize = 2;

impl Pieces {
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    pub(crate) fn entry(&self) -> &[u8] {
        &self.entry
    }

    pub(crate) fn push(&mut self, byte: u8) -> Piece {
        if std::mem::take(&mut self.is_whole) {
            self.entry.clear();
        }
        let was_deep = self.depth;
        self.follow(byte);
        if !self.in_list {
            self.in_list = byte == b'[' && self.depth == LIST_DEPTH && was_deep < LIST_DEPTH;
            return keep(&mut self.head, byte, MAX_HEAD_BYTES);
        }
        if self.depth < LIST_DEPTH {
            self.in_list = false;
            // What is left is no entry: the head's reader shall see it.
            self.head.append(&mut self.entry);
            return keep(&mut self.head, byte, MAX_HEAD_BYTES);
        }
        if self.entry.is_empty() && matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b',') {
            return Piece::None;
        }
        let kept = keep(&mut self.entry, byte, MAX_ENTRY_BYTES);
        if kept == Piece::None && byte == b'}' && was_deep == LIST_DEPTH + 1 && self.depth == LIST_DEPTH {
            self.is_whole = true;
            return Piece::Entry;
        }
        kept
    }

    /// Follows strings and brackets.
    fn follow(&mut self, byte: u8) {
        self.text = match (self.text, byte) {
            (Text::Outside, b'"') => Text::Inside,
            (Text::Inside, b'\\') => Text::Escaped,
            (Text::Inside, b'"') => Text::Outside,
            (Text::Escaped, _) => Text::Inside,
            (text, _) => text,
        };
        if self.text == Text::Outside {
            match byte {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }
}

fn keep(piece: &mut Vec<u8>, byte: u8, most: usize) -> Piece {
    if piece.len() == most {
        return Piece::TooLong;
    }
    piece.push(byte);
    Piece::None
}
