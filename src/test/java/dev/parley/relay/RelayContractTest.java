package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.EventType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
@SuppressWarnings("try") // Closing the rig waits for threads, and a test may be interrupted there.
class RelayContractTest {
    @Test
    void passesMessagesBothWaysAsTheyCame() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.text("{\"type\":\"session.update\",\"x\":1}");
            assertThat(rig.upstream.message().text()).isEqualTo("{\"type\":\"session.update\",\"x\":1}");
            rig.upstream.text("{\"x\":\"y\",\"type\":\"response.done\"}");
            assertThat(rig.client.message().text()).isEqualTo("{\"x\":\"y\",\"type\":\"response.done\"}");
            assertThat(rig.fromClient.types).containsExactly(EventType.SESSION_UPDATE);
            assertThat(rig.fromUpstream.types).containsExactly(EventType.RESPONSE_DONE);
        }
    }

    @Test
    void keepsWhatTheUpstreamSendsWithItsUpgrade() throws Exception {
        byte[] early = Wire.encode(0x81, "{\"type\":\"session.created\"}".getBytes(StandardCharsets.UTF_8), false);
        try (Rig rig = new Rig(new BytesLegs(), RelayLimits.client(), RelayLimits.upstream(), early)) {
            assertThat(rig.client.message().text()).isEqualTo("{\"type\":\"session.created\"}");
        }
    }

    @Test
    void passesFifteenMebibytesUp() throws Exception {
        byte[] audio = new byte[15 << 20];
        Arrays.fill(audio, (byte) 'A');
        String event = "{\"type\":\"input_audio_buffer.append\",\"audio\":\""
                + new String(audio, StandardCharsets.US_ASCII) + "\"}";
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.text(event);
            assertThat(rig.upstream.message().text()).isEqualTo(event);
        }
    }
}
