package dev.parley.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookUrlTest {
    @Test
    void showsEverythingButTheQuery() {
        assertThat(WebhookUrl.of("https://hooks.example:8443/a/b?token=hidden"))
                .hasToString("https://hooks.example:8443/a/b?…");
        assertThat(WebhookUrl.of("https://hooks.example")).hasToString("https://hooks.example");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://hooks.example/hidden",
                "https://user:hidden@hooks.example/",
                "https://hooks.example/#hidden",
                "https:///hidden",
                "hidden",
                "https://hooks.example/?hidden= "
            })
    void refusesWhatCannotBePostedToAndDoesNotQuoteIt(String text) {
        assertThatThrownBy(() -> WebhookUrl.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("hidden");
    }
}
