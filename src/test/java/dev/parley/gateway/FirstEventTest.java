package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.ModelKind;
import dev.parley.gateway.FirstEvent.Outcome;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Credentials that come in the first event. */
class FirstEventTest {
    private static Outcome read(String query, String event) {
        return FirstEvent.read(query, MultiMap.caseInsensitiveMultiMap(), Buffer.buffer(event));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            model=m | {"type":"session.update","session":{"client_secret":"tok","voice":"cedar"}}                             | m | true  | {"type":"session.update","session":{"voice":"cedar"}}
            model=m | {"type":"session.update","event_id":"e","session":{"client_secret":{"value":"tok"},"type":"realtime"}} | m | false | {"type":"session.update","event_id":"e","session":{"type":"realtime"}}
            -       | {"type":"session.update","session":{"model":"a b","client_secret":"tok"}}                              | a b | true | {"type":"session.update","session":{"model":"a b"}}
            x=1     | {"type":"session.update","session":{"model":"m","client_secret":"tok","audio":{}}}                     | m | false | {"type":"session.update","session":{"model":"m","audio":{}}}
            model=m | {"type":"session.update","session":{"client_secret":"tok"}}                                            | m | true  | -
            """)
    void takesTheCredentialOutOfTheEvent(String query, String event, String model, boolean beta, String rest) {
        Outcome outcome = read(query, event);

        assertThat(outcome).isInstanceOfSatisfying(Outcome.Asked.class, asked -> {
            assertThat(Objects.requireNonNull(asked.handshake().credential()).reveal())
                    .isEqualTo("tok");
            assertThat(Objects.requireNonNull(asked.handshake().model()).value())
                    .isEqualTo(model);
            assertThat(asked.handshake().beta()).isEqualTo(beta);
            assertThat(asked.rest() == null ? null : asked.rest().toString()).isEqualTo(rest);
        });
        assertThat(outcome.toString()).doesNotContain("tok");
    }

    @Test
    void readsATranscription() {
        assertThat(read("intent=transcription", "{\"type\":\"session.update\",\"session\":{\"client_secret\":\"t\"}}"))
                .isInstanceOfSatisfying(
                        Outcome.Asked.class,
                        asked -> assertThat(asked.handshake().kind()).isEqualTo(ModelKind.TRANSCRIPTION));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            model=m      | hello                                                                              | invalid_event
            model=m      | {"type":"session.update","session":{"client_secret":"tok","client_secret":"x"}}    | invalid_event
            model=m      | {"type":"response.create","session":{"client_secret":"tok"}}                       | missing_client_secret
            model=m      | {"type":"session.update","session":{"voice":"cedar"}}                              | missing_client_secret
            model=m      | {"type":"session.update","session":{"client_secret":"a b"}}                        | missing_client_secret
            model=m      | {"type":"session.update","session":{"client_secret":["tok"]}}                      | missing_client_secret
            x=1          | {"type":"session.update","session":{"client_secret":"tok"}}                        | missing_model
            api_key=k    | {"type":"session.update","session":{"client_secret":"tok","model":"m"}}            | credential_in_query
            session_id=s | {"type":"session.update","session":{"client_secret":"tok"}}                        | invalid_resume
            """)
    void refusesWhatIsNoSuchEventAndRepeatsNothingOfIt(String query, String event, String code) {
        assertThat(read(query, event)).isInstanceOfSatisfying(Outcome.Refused.class, refused -> {
            assertThat(refused.refusal().code()).isEqualTo(code);
            assertThat(refused.refusal().message()).doesNotContain("tok");
        });
    }

    @Test
    void countsWhoHasNotSaidWhoItIs() {
        Strangers strangers = new Strangers();
        for (int i = 0; i < Strangers.ADDRESS_MAX; i++) {
            assertThat(strangers.admit("a")).isTrue();
        }
        assertThat(strangers.admit("a")).isFalse();
        for (int i = Strangers.ADDRESS_MAX; i < Strangers.NODE_MAX; i++) {
            assertThat(strangers.admit("b" + i)).isTrue();
        }
        assertThat(strangers.admit("c")).isFalse();
        strangers.leave("a");
        assertThat(strangers.admit("a")).isTrue();
        assertThat(strangers.open()).isEqualTo(Strangers.NODE_MAX);
    }
}
