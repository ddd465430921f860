//! What the command line prints, and how it ends: bad input above all.

#[test]
fn commands_print_what_their_transcripts_say() {
    trycmd::TestCases::new().env("HOOK_SECRET", "an-endpoint-secret-0123456789").case("tests/cmd/*.trycmd");
}
