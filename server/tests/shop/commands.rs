//! The command line, as an operator who mistypes.

use crate::support::{PASSWORD, command};

#[test]
fn a_mistake_is_told_in_a_line_and_ends_with_failure() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, input, told) in [
        (&["serv"][..], "", "unrecognized subcommand 'serv'"),
        (&["serve", "--lisen", "x"], "", "--listen"),
        (&["serve", "--listen", "here"], "", "invalid"),
        (&["serve", "--store", "postgres://me:hunter2@db/shop"], "", "SQLite"),
        (&["serve", "--queue", "redis://x"], "", "memory"),
        (&["serve", "--public-origin", "shop.example"], "", "--public-origin"),
        (&["serve", "--trusted-proxy", "300.0.0.0/8"], "", "--trusted-proxy"),
        (&["serve", "--site", "absent"], "", "make site"),
        (&["merchant", "add", "nobody"], PASSWORD, "not an e-mail address"),
        (&["merchant", "add", "m@example.com"], "short", "8 to 200 characters"),
        (&["token", "merchant", "absent@example.com"], "", "stampede merchant add"),
        (&["token", "shoppers"], "", "--count"),
        (&["token", "shoppers", "--count", "0"], "", "--count"),
    ] {
        let (done, output, errors) = command(folder.path(), arguments, input);
        assert!(!done, "{arguments:?}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
        assert!(!errors.contains("hunter2") && !errors.contains("panicked"), "{errors}");
        assert_eq!(output, "", "{arguments:?}");
    }
}

#[test]
fn a_merchant_is_added_once_and_gets_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| command(folder.path(), arguments, PASSWORD);
    assert_eq!(run(&["merchant", "add", "M@example.com"]).1, "merchant m@example.com added\n");
    let (done, _, errors) = run(&["merchant", "add", "m@example.com"]);
    assert!(!done && errors.contains("already"), "{errors}");
    let (_, first, _) = run(&["token", "merchant", "m@example.com"]);
    let (_, second, _) = run(&["token", "merchant", "m@example.com"]);
    assert!(first.starts_with("stm_") && second.starts_with("stm_") && first != second);
    assert!(folder.path().join("data/stampede.db").exists());
    assert!(folder.path().join("data/stampede.secret").exists());
}

#[test]
fn session_cookies_are_one_a_line_and_all_different() {
    let folder = tempfile::tempdir().unwrap();
    let (done, output, _) =
        command(folder.path(), &["token", "shoppers", "--count", "2500", "--store", "sqlite:x.db"], "");
    assert!(done);
    let cookies: std::collections::HashSet<&str> = output.lines().collect();
    assert_eq!(cookies.len(), 2_500);
    assert!(cookies.iter().all(|cookie| cookie.starts_with("stampede_session=")));
}

#[test]
fn settings_come_from_the_file_too_and_a_mistake_in_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stampede.toml"), "store = \"sqlite:from-file.db\"\n").unwrap();
    let (done, _, errors) = command(folder.path(), &["token", "shoppers", "--count", "1"], "");
    assert!(done, "{errors}");
    assert!(folder.path().join("from-file.db").exists());
    std::fs::write(folder.path().join("stampede.toml"), "stor = 1\n").unwrap();
    let (done, _, errors) = command(folder.path(), &["token", "shoppers", "--count", "1"], "");
    assert!(!done && errors.contains("stampede.toml") && errors.contains("stor"), "{errors}");
}
