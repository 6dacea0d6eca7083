//! See [`fuzz_cases::icy_head`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::icy_head::run(data));
