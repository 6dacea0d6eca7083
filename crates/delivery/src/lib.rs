//! Everything a listener touches: HLS handlers, ICY fan-out, admission, accounting.
