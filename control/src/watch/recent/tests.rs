use catalogue::WebhookEvent;
use media::WallTime;

use super::*;

fn event(number: usize) -> Event {
    Event {
        kind: WebhookEvent::OnAir,
        egress: "acme".into(),
        publisher: "acme".into(),
        ingest: None,
        at: WallTime::default(),
        node: "fra-1".into(),
        detail: String::new(),
        id: number.to_string(),
    }
}

fn ids(recent: &Recent) -> Vec<String> {
    recent.events().into_iter().map(|event| event.id).collect()
}

#[test]
fn a_hundred_events_are_kept_and_the_oldest_go() {
    let recent = Recent::default();
    for number in 0..EVENTS_KEPT_MAX {
        recent.push(event(number));
    }
    assert_eq!(ids(&recent).len(), EVENTS_KEPT_MAX);
    assert_eq!((ids(&recent)[0].as_str(), ids(&recent)[99].as_str()), ("99", "0"));
    recent.clone().push(event(100));
    assert_eq!(ids(&recent).len(), EVENTS_KEPT_MAX);
    assert_eq!((ids(&recent)[0].as_str(), ids(&recent)[99].as_str()), ("100", "1"));
}
