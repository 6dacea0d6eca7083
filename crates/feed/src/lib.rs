//! Path and programme feeds: the timeline, its log, and the views of it. Sans-IO.
