use axum::body::Body;

use super::*;

async fn check(uri: &str, form: &'static str, expected: &str) {
    let request = Request::builder().uri(uri).body(Body::from(form)).unwrap();
    let asked = Asked::read(request, 8).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&asked.parameters), expected, "{uri} {form}");
    assert_eq!(asked.form, form);
}

#[tokio::test]
async fn parameters_stand_in_the_query_the_form_or_both() {
    check("/x", "", "").await;
    check("/x?a=1", "", "a=1").await;
    check("/x", "b=2", "b=2").await;
    check("/x?a=1", "b=2", "a=1&b=2").await;
}

#[tokio::test]
async fn a_form_has_at_most_so_many_bytes() {
    check("/x", "12345678", "12345678").await;
    let request = Request::builder().uri("/x").body(Body::from("123456789")).unwrap();
    assert_eq!(Asked::read(request, 8).await.unwrap_err(), FormTooLong);
}
