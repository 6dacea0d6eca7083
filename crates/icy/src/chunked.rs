//! Bodies in the transfer coding `chunked` (RFC 9112 §7.1).
//!
//! Chunk extensions are read over, trailers are dropped. Line ends are CR LF
//! and nothing else: what another server takes for a chunk's end must not be
//! one here that it is not there.

use bytes::{Bytes, BytesMut};

/// The longest line that says a chunk's size, extensions included.
pub const SIZE_LINE_LEN_MAX: usize = 256;

/// The most bytes of trailers.
pub const TRAILERS_LEN_MAX: usize = 4096;

/// Takes a body out of its chunks.
///
/// Holds what was pushed and not taken. Chunk sizes are counted, never allocated.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    buffer: BytesMut,
}

/// Why a chunked body cannot be read on. The audio up to there was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkedError {
    /// The size is no hexadecimal number of 1 to 15 digits.
    #[error("chunk size is not a hexadecimal number")]
    Size,
    /// The line of the size exceeds [`SIZE_LINE_LEN_MAX`].
    #[error("line of the chunk size exceeds {SIZE_LINE_LEN_MAX} bytes")]
    SizeLineTooLong,
    /// A line ends otherwise than with CR LF, or data with something else.
    #[error("CR LF expected in chunked body")]
    LineEnd,
    /// The trailers exceed [`TRAILERS_LEN_MAX`].
    #[error("trailers exceed {TRAILERS_LEN_MAX} bytes")]
    TrailersTooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data { left: u64 },
    DataEnd,
    Trailers { taken: usize },
    Finished,
    Broken(ChunkedError),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// Starts at the first byte of a body.
    pub fn new() -> Self {
        Self { state: State::Size, buffer: BytesMut::new() }
    }

    /// Adds bytes as they came off the wire; after the body's end they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Finished | State::Broken(_)) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Whether the body has ended as it should.
    pub fn is_finished(&self) -> bool {
        self.state == State::Finished
    }

    /// Takes the next piece of the body, or `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// [`ChunkedError`], again at each call after.
    pub fn next_data(&mut self) -> Result<Option<Bytes>, ChunkedError> {
        loop {
            match self.step() {
                Ok(Step::Data(data)) => return Ok(Some(data)),
                Ok(Step::On) => {}
                Ok(Step::Wait) => return Ok(None),
                Err(error) => {
                    self.state = State::Broken(error);
                    self.buffer.clear();
                    return Err(error);
                }
            }
        }
    }

    fn step(&mut self) -> Result<Step, ChunkedError> {
        match self.state {
            State::Size => self.size(),
            State::Data { left } => Ok(self.data(left)),
            State::DataEnd => self.data_end(),
            State::Trailers { taken } => self.trailer(taken),
            State::Finished => Ok(Step::Wait),
            State::Broken(error) => Err(error),
        }
    }

    fn size(&mut self) -> Result<Step, ChunkedError> {
        let Some(line) = self.line(SIZE_LINE_LEN_MAX, ChunkedError::SizeLineTooLong)? else {
            return Ok(Step::Wait);
        };
        self.state = match chunk_size(&line)? {
            0 => State::Trailers { taken: 0 },
            left => State::Data { left },
        };
        Ok(Step::On)
    }

    fn data(&mut self, left: u64) -> Step {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
        if length == 0 {
            return Step::Wait;
        }
        let left = left - length as u64;
        self.state = if left == 0 { State::DataEnd } else { State::Data { left } };
        Step::Data(self.buffer.split_to(length).freeze())
    }

    fn data_end(&mut self) -> Result<Step, ChunkedError> {
        match self.line(0, ChunkedError::LineEnd)? {
            Some(_) => {
                self.state = State::Size;
                Ok(Step::On)
            }
            None => Ok(Step::Wait),
        }
    }

    fn trailer(&mut self, taken: usize) -> Result<Step, ChunkedError> {
        let room = TRAILERS_LEN_MAX - taken;
        let Some(line) = self.line(room, ChunkedError::TrailersTooLong)? else {
            return Ok(Step::Wait);
        };
        if line.is_empty() {
            self.state = State::Finished;
            self.buffer.clear();
        } else {
            self.state = State::Trailers { taken: taken + line.len() };
        }
        Ok(Step::On)
    }

    /// Takes one line of at most `len_max` bytes, its end not counted.
    fn line(
        &mut self,
        len_max: usize,
        too_long: ChunkedError,
    ) -> Result<Option<BytesMut>, ChunkedError> {
        let window = self.buffer.iter().take(len_max + "\r\n".len());
        let Some(end) = window.into_iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            return if self.buffer.len() > len_max { Err(too_long) } else { Ok(None) };
        };
        if end > len_max {
            return Err(too_long);
        }
        match (self.buffer.get(end), self.buffer.get(end + 1)) {
            (Some(b'\r'), Some(b'\n')) => {
                let mut line = self.buffer.split_to(end + 2);
                line.truncate(end);
                Ok(Some(line))
            }
            (Some(b'\r'), None) => Ok(None),
            _ => Err(ChunkedError::LineEnd),
        }
    }
}

enum Step {
    Data(Bytes),
    On,
    Wait,
}

/// The number before the extensions. 15 digits hold any size that is meant, and
/// no sum overflows.
fn chunk_size(line: &[u8]) -> Result<u64, ChunkedError> {
    let end = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
    let digits = line.get(..end).unwrap_or_default().trim_ascii_end();
    if digits.is_empty() || digits.len() > 15 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(ChunkedError::Size);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| ChunkedError::Size)?;
    u64::from_str_radix(digits, 16).map_err(|_| ChunkedError::Size)
}

#[cfg(test)]
mod tests;
