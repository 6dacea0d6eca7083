//! See [`fuzz_cases::admin_query`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::admin_query::run(data));
