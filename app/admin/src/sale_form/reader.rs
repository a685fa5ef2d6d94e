//! Reads the text of fields into numbers and moments, and keeps what was wrong with them.

use api::CreateSale;

use crate::fields::Errors;

/// Reads fields and keeps what was wrong with them.
#[derive(Default)]
pub(super) struct Reader {
    errors: Errors,
}

impl Reader {
    /// Notes the fault and stands in for the value, which is never sent.
    pub(super) fn fault(&mut self, name: &'static str, sentence: &str) -> i64 {
        self.errors.insert(name, sentence.to_owned());
        0
    }

    /// A whole number from 1.
    pub(super) fn count(&mut self, name: &'static str, text: &str) -> i64 {
        match text.trim().parse::<u32>() {
            Ok(0) | Err(_) => self.fault(name, "Write a whole number, 1 or more."),
            Ok(count) => i64::from(count),
        }
    }

    /// A whole number, or none at all: 0.
    pub(super) fn count_or_none(&mut self, name: &'static str, text: &str) -> i64 {
        match text.trim() {
            "" => 0,
            text => match text.parse::<u32>() {
                Ok(count) => i64::from(count),
                Err(_) => self.fault(name, "Write a whole number, 0 or more."),
            },
        }
    }

    /// Seconds with up to three decimals, in milliseconds.
    pub(super) fn seconds(&mut self, name: &'static str, text: &str) -> i64 {
        match text.trim().parse::<f64>() {
            Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => (seconds * 1e3).round() as i64,
            _ => self.fault(name, "Write seconds, such as 1.5."),
        }
    }

    pub(super) fn window(
        &mut self,
        starts_at_ms: Option<i64>,
        ends_at_ms: Option<i64>,
        earliest_ms: i64,
    ) -> (i64, i64) {
        let starts_at_ms = match starts_at_ms {
            None => self.fault("starts", "Choose a date and a time."),
            Some(at_ms) if at_ms < earliest_ms => self.fault("starts", "That moment has passed by the server's clock."),
            Some(at_ms) => at_ms,
        };
        let ends_at_ms = match ends_at_ms {
            None => self.fault("ends", "Choose a date and a time."),
            Some(at_ms) if at_ms <= starts_at_ms => self.fault("ends", "Must be after the start."),
            Some(at_ms) => at_ms,
        };
        (starts_at_ms, ends_at_ms)
    }

    pub(super) fn finish(self, sale: CreateSale) -> Result<CreateSale, Errors> {
        if self.errors.is_empty() { Ok(sale) } else { Err(self.errors) }
    }
}
