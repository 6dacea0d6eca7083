//! See [`fuzz_cases::icy_chunked`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::icy_chunked::run(data));
