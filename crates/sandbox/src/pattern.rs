//! Patterns of paths and of repositories.

/// Whether a text is what the pattern says; a `*` stands for anything but a `/`, and for nothing too.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (patterns, texts) = (pattern.split('/'), text.split('/'));
    patterns.clone().count() == texts.clone().count()
        && patterns.zip(texts).all(|(pattern, text)| matches_segment(pattern, text))
}

fn matches_segment(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    // The first place that fits is always good enough: what follows has the more left to choose from.
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_anything_within_a_segment() {
        for (pattern, text, expected) in [
            ("payload.json", "payload.json", true),
            ("payload.json", "Payload.json", false),
            ("*.json", "a.json", true),
            ("*.json", ".json", true),
            ("*.json", "a/b.json", false),
            ("*.json", "a.json.sig", false),
            ("a*a", "a", false),
            ("a*b*c", "abbc", true),
            ("a*b*c", "acb", false),
            ("registry.example/team/*", "registry.example/team/app", true),
            ("registry.example/team/*", "registry.example/team/app/x", false),
            ("registry.example/*", "registry.example.evil/x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_its_own_pattern(text in "[a-z./]{0,20}") {
            prop_assert!(matches(&text, &text));
        }

        #[test]
        fn any_pattern_and_text_are_compared(pattern in "[ab*/é]{0,12}", text in "[ab/é]{0,12}") {
            let matched = matches(&pattern, &text);
            prop_assert!(!matched || pattern.contains('*') || pattern == text);
        }
    }
}
