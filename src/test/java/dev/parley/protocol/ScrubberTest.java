package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScrubberTest {
    @Test
    void takesOutKeysAndAccountsInEveryFormTheyAppear() {
        assertThat(Scrubber.scrub("Incorrect API key provided: sk-proj-ab**********wxyz. See the docs."))
                .isEqualTo("Incorrect API key provided: [key] See the docs.");
        assertThat(Scrubber.scrub("Rate limit reached for gpt-realtime in organization org-Ab12Cd34Ef on tokens"))
                .isEqualTo("Rate limit reached for gpt-realtime in organization [account] on tokens");
        assertThat(Scrubber.scrub(
                        "on tokens per min (TPM): Limit 40000, Used: 39,000, Requested 3000. Please try again"))
                .isEqualTo("on tokens per min (TPM): [limit] [limit] [limit] Please try again");
        assertThat(Scrubber.scrub("project proj_Ab12Cd34 with ek_abcdef and Bearer abc.def"))
                .isEqualTo("project [account] with [key] and [credential]");
        assertThat(Scrubber.scrub("token eyJhbGciOiJI.eyJzdWIi.c2ln expired")).isEqualTo("token [credential] expired");
    }

    @Test
    void leavesOtherWordsAlone() {
        String message = "Cancellation failed: no active response found for item_123 of gpt-realtime-2.1";
        assertThat(Scrubber.scrub(message)).isEqualTo(message);
    }

    @Test
    void boundsMessagesAndCodes() {
        assertThat(Scrubber.scrub("x".repeat(5_000))).hasSize(500);
        assertThat(Scrubber.code("a b\nc" + "x".repeat(100))).hasSize(64).startsWith("a_b_c");
    }
}
