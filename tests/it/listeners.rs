//! ICY listeners, end to end: what each gets, and that none harms another.

mod access_log;
mod answers;
mod audio;
mod crowd;
mod intro;
