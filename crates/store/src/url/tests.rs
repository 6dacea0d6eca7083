use super::*;

fn check(text: &str, want: &StoreUrl) {
    assert_eq!(text.parse::<StoreUrl>().unwrap(), *want, "{text}");
}

fn refuse(text: &str, part: &str) {
    let Err(Error::BadUrl { url, reason }) = text.parse::<StoreUrl>() else { panic!("{text}") };
    assert_eq!(url, text);
    assert!(reason.contains(part), "{text}: {reason}");
}

fn s3(bucket: &str, prefix: &str) -> StoreUrl {
    StoreUrl::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() }
}

fn directory(path: &str) -> StoreUrl {
    StoreUrl::Directory(PathBuf::from(path))
}

#[test]
fn directories_are_relative_or_absolute() {
    check("file:./skywave-data/bucket", &directory("./skywave-data/bucket"));
    check("file:bucket", &directory("bucket"));
    check("file:/var/lib/skywave", &directory("/var/lib/skywave"));
    check("file:///var/lib/skywave", &directory("/var/lib/skywave"));
    check("file:/var/a b/ü?#", &directory("/var/a b/ü?#"));
    refuse("file:", "no path");
    refuse("file:a\0b", "NUL");
    refuse("file://host/path", "another host");
}

#[test]
fn buckets_may_have_a_prefix() {
    check("s3://radio", &s3("radio", ""));
    check("s3://radio/", &s3("radio", ""));
    check("s3://radio.example-1/a/b", &s3("radio.example-1", "a/b"));
    check("s3://radio/a/b/", &s3("radio", "a/b"));
    refuse("s3://radio//", "each part of the prefix");
    refuse("s3://radio/a//b", "each part of the prefix");
    refuse("s3://radio/../b", "each part of the prefix");
    refuse("s3://radio/a?b", "each part of the prefix");
}

#[test]
fn a_buckets_name_follows_the_rules_of_s3() {
    check(&format!("s3://{}", "a".repeat(3)), &s3("aaa", ""));
    check(&format!("s3://{}", "a".repeat(63)), &s3(&"a".repeat(63), ""));
    for bad in ["", "aa", &"a".repeat(64), "Radio", "radio_1", "-radio", "radio.", "ra..dio"] {
        refuse(&format!("s3://{bad}"), "a bucket's name has 3 to 63");
    }
}

#[test]
fn a_prefix_has_at_most_256_bytes() {
    let part = "a".repeat(127);
    let good = format!("{part}/{}/a", "a".repeat(PREFIX_BYTES_MAX - 127 - 3));
    assert_eq!(good.len(), PREFIX_BYTES_MAX);
    check(&format!("s3://radio/{good}"), &s3("radio", &good));
    refuse(&format!("s3://radio/{good}a"), "longer than 256 bytes");
}

#[test]
fn other_schemes_are_refused() {
    for other in ["", "bucket", "/var/lib", "S3://radio", "gs://radio", "http://radio", "s3:radio"]
    {
        refuse(other, "neither file: nor s3://");
    }
}

#[test]
fn an_address_is_shown_as_it_is_written() {
    for text in ["file:./a/b", "file:/a", "s3://radio", "s3://radio/a/b"] {
        assert_eq!(text.parse::<StoreUrl>().unwrap().to_string(), text);
    }
}
