package dev.parley.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.domain.Refusal;
import dev.parley.webhook.SigningSecret;
import dev.parley.webhook.WebhookSignature;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProviderWebhookTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_795_000_000);
    private static final String BODY = "{\"type\":\"realtime.call.incoming\"}";
    /** The example of the specification. */
    private static final SigningSecret SECRET = SigningSecret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

    @Test
    void takesWhatTheSpecificationsExampleHasSigned() {
        ProviderWebhook example = new ProviderWebhook(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "1614265330",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                Buffer.buffer("{\"test\": 2432232314}"));

        assertThat(example.forgery(SECRET)).isEmpty();
        assertThat(example.staleness(Instant.ofEpochSecond(1_614_265_330))).isEmpty();
    }

    @Test
    void takesOneGenuineSignatureAmongSeveral() {
        String genuine = headers().get("webhook-signature");
        assertThat(webhook("evt_1", "v1,AAAA " + genuine + " v2,BBBB", BODY).forgery(SECRET))
                .isEmpty();
    }

    @Test
    void refusesWhatIsNotSignedByTheSecretOrNotAsItCame() {
        String genuine = headers().get("webhook-signature");
        assertThat(code(webhook("evt_1", genuine, BODY + " ").forgery(SECRET))).isEqualTo("invalid_signature");
        assertThat(code(webhook("evt_2", genuine, BODY).forgery(SECRET))).isEqualTo("invalid_signature");
        assertThat(code(webhook("evt_1", genuine, BODY).forgery(SigningSecret.random())))
                .isEqualTo("invalid_signature");
        assertThat(code(webhook("evt_1", genuine, BODY).forgery(null))).isEqualTo("invalid_signature");
        assertThat(code(webhook("evt_1", genuine.substring(3), BODY).forgery(SECRET)))
                .isEqualTo("invalid_signature");
    }

    @Test
    void refusesWhatIsOldOrOfTheFuture() {
        ProviderWebhook webhook = webhook("evt_1", "v1,x", BODY);
        assertThat(webhook.staleness(NOW.plusSeconds(300))).isEmpty();
        assertThat(webhook.staleness(NOW.minusSeconds(300))).isEmpty();
        assertThat(code(webhook.staleness(NOW.plusSeconds(301)))).isEqualTo("webhook_too_old");
        assertThat(code(webhook.staleness(NOW.minusSeconds(301)))).isEqualTo("webhook_too_old");
        assertThat(code(new ProviderWebhook("evt_1", "soon", "v1,x", Buffer.buffer()).staleness(NOW)))
                .isEqualTo("invalid_signature");
        assertThat(code(new ProviderWebhook(null, "1", "v1,x", Buffer.buffer()).staleness(NOW)))
                .isEqualTo("invalid_signature");
    }

    @Test
    void findsTheAddressInAToHeader() {
        assertThat(CallAddress.inHeader("\"Sales\" <sip:+4930123@SIP.example:5061;user=phone>;tag=1"))
                .extracting(CallAddress::value)
                .containsExactly("+4930123@sip.example", "+4930123");
        assertThat(CallAddress.inHeader("sips:proj_1@sip.api.openai.com;transport=tls"))
                .extracting(CallAddress::value)
                .containsExactly("proj_1@sip.api.openai.com", "proj_1");
        assertThat(CallAddress.inHeader("tel:+4930123")).isEmpty();
        assertThat(CallAddress.inHeader("sip:" + "9".repeat(300))).isEmpty();
        assertThat(CallAddress.of("sip:Sales@SIP.example").value()).isEqualTo("sales@sip.example");
        assertThatThrownBy(() -> CallAddress.of("a b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void readsTheIdOfACallInALocation() {
        for (String location :
                new String[] {"/v1/realtime/calls/rtc_1", "https://api.openai.com/v1/realtime/calls/rtc_1?x=1", "rtc_1"
                }) {
            assertThat(CallId.ofLocation(location)).hasValue(new CallId("rtc_1"));
        }
        assertThat(CallId.ofLocation("/v1/realtime/calls/a%20b")).isEmpty();
        assertThat(CallId.of("")).isEmpty();
    }

    private static Map<String, String> headers() {
        return WebhookSignature.headers(SECRET, "evt_1", NOW, BODY);
    }

    private static ProviderWebhook webhook(String id, String signature, String body) {
        return new ProviderWebhook(id, Long.toString(NOW.getEpochSecond()), signature, Buffer.buffer(body));
    }

    private static String code(Optional<Refusal> refusal) {
        return refusal.orElseThrow().code();
    }
}
