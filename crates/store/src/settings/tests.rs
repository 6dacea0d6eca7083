use super::*;

fn from(values: &[(&str, &str)]) -> Credentials {
    Credentials::from_lookup(&|name| {
        values.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
    })
}

/// What the S3 client makes of them.
fn check(values: &[(&str, &str)], key: AmazonS3ConfigKey, want: Option<&str>) {
    let builder = from(values).configure(AmazonS3Builder::new());
    assert_eq!(builder.get_config_value(&key).as_deref(), want, "{values:?}");
}

#[test]
fn what_the_sdks_read_is_taken() {
    check(&[("AWS_ACCESS_KEY_ID", "a")], AmazonS3ConfigKey::AccessKeyId, Some("a"));
    check(&[("AWS_SECRET_ACCESS_KEY", "b")], AmazonS3ConfigKey::SecretAccessKey, Some("b"));
    check(&[("AWS_SESSION_TOKEN", "c")], AmazonS3ConfigKey::Token, Some("c"));
    check(&[("AWS_REGION", "eu-1")], AmazonS3ConfigKey::Region, Some("eu-1"));
    check(&[("AWS_DEFAULT_REGION", "eu-2")], AmazonS3ConfigKey::Region, Some("eu-2"));
    check(&[("AWS_ROLE_ARN", "arn")], AmazonS3ConfigKey::RoleArn, Some("arn"));
    check(&[("AWS_REGION", "")], AmazonS3ConfigKey::Region, None);
    check(&[("HOME", "/root")], AmazonS3ConfigKey::AccessKeyId, None);
}

#[test]
fn the_region_prevails_over_the_default_region() {
    let both = [("AWS_REGION", "eu-1"), ("AWS_DEFAULT_REGION", "eu-2")];
    check(&both, AmazonS3ConfigKey::Region, Some("eu-1"));
}

#[test]
fn the_endpoint_of_s3_prevails_over_that_of_all_services() {
    assert_eq!(from(&[]).endpoint(), None);
    let all = ("AWS_ENDPOINT_URL", "http://all");
    assert_eq!(from(&[all]).endpoint(), Some("http://all"));
    assert_eq!(from(&[all, ("AWS_ENDPOINT_URL_S3", "http://s3")]).endpoint(), Some("http://s3"));
}

#[test]
fn a_key_without_its_secret_is_a_fault() {
    let (key, secret) = (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"));
    assert_eq!(from(&[key, secret]).fault(), None);
    assert_eq!(from(&[]).fault(), None);
    assert!(from(&[key]).fault().unwrap().contains("without AWS_SECRET_ACCESS_KEY"));
    assert!(from(&[secret]).fault().unwrap().contains("without AWS_ACCESS_KEY_ID"));
}

#[test]
fn secrets_are_never_shown() {
    let settings = S3Settings {
        credentials: Credentials::from_key("AKIA7", "s3cret"),
        ..S3Settings::default()
    };
    let shown = format!("{settings:?}");
    assert!(shown.contains("AWS_SECRET_ACCESS_KEY"), "{shown}");
    assert!(!shown.contains("AKIA7") && !shown.contains("s3cret"), "{shown}");
}
