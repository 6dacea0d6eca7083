//! See [`fuzz_cases::icy_answers`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::icy_answers::run(data));
