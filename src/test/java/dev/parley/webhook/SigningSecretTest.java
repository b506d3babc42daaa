package dev.parley.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class SigningSecretTest {
    /** The example that the libraries of standardwebhooks.com are tested with. */
    @Test
    void signsAsTheSpecificationsExample() {
        SigningSecret secret = new SigningSecret(Base64.getDecoder().decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));

        assertThat(secret.reveal()).isEqualTo("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assertThat(secret.headers(
                        "msg_p5jXN8AQM9LWM0D4loKWxJek", Instant.ofEpochSecond(1_614_265_330), "{\"test\": 2432232314}"))
                .containsEntry("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
                .containsEntry("webhook-timestamp", "1614265330")
                .containsEntry("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @Test
    void takesNoKeyThatIsTooShortOrTooLong() {
        assertThatThrownBy(() -> new SigningSecret(new byte[23])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SigningSecret(new byte[65])).isInstanceOf(IllegalArgumentException.class);
        assertThat(SigningSecret.random().key())
                .hasSize(32)
                .isNotEqualTo(SigningSecret.random().key());
    }
}
