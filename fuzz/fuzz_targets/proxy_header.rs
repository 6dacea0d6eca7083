//! See [`fuzz_cases::proxy_header`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::proxy_header::run(data));
