package dev.parley.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.dialect.Dialect.Translation;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients of transcription sessions that speak neither GA nor say that they speak the beta. */
class TranscriptionDialectTest {
    private static final Buffer UPDATED = Buffer.buffer(
            "{\"type\":\"session.updated\",\"session\":{\"type\":\"transcription\",\"audio\":{\"input\":"
                    + "{\"format\":{\"type\":\"audio/pcm\",\"rate\":24000},\"transcription\":{\"model\":\"whisper-1\"}}}}}");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"type":"session.update","session":{"input_audio_transcription":{"model":"whisper-1"},"turn_detection":null}} | {"type":"session.update","session":{"audio":{"input":{"transcription":{"model":"whisper-1"},"turn_detection":null}},"type":"transcription"}}
            {"type":"session.update","session":{"type":"transcription","input_audio_format":"pcm16"}}                       | {"type":"session.update","session":{"type":"transcription","audio":{"input":{"format":{"type":"audio/pcm","rate":24000}}}}}
            {"type":"transcription_session.update","session":{"input_audio_noise_reduction":null}}                          | {"type":"session.update","session":{"audio":{"input":{"noise_reduction":null}},"type":"transcription"}}
            """)
    void nestsFlatSettings(String flat, String nested) {
        assertThat(new TranscriptionDialect(null).fromClient(Buffer.buffer(flat)))
                .isEqualTo(new Translation.Changed(Buffer.buffer(nested)));
    }

    @Test
    void leavesGaAsItIsAndAnswersInIt() {
        TranscriptionDialect dialect = new TranscriptionDialect(null);
        Buffer ga =
                Buffer.buffer("{\"type\":\"session.update\",\"session\":{\"type\":\"transcription\",\"audio\":{}}}");

        assertThat(dialect.fromClient(ga)).isEqualTo(Translation.UNCHANGED);
        assertThat(dialect.toClient(UPDATED)).isEqualTo(Translation.UNCHANGED);
    }

    @Test
    void answersInTheBetaWhomItHeardSpeakTheBeta() {
        TranscriptionDialect dialect = new TranscriptionDialect(null);
        dialect.fromClient(Buffer.buffer("{\"type\":\"transcription_session.update\",\"session\":{}}"));

        assertThat(dialect.toClient(UPDATED))
                .isEqualTo(new Translation.Changed(Buffer.buffer(
                        "{\"type\":\"transcription_session.updated\",\"session\":{\"input_audio_format\":\"pcm16\","
                                + "\"input_audio_transcription\":{\"model\":\"whisper-1\"}}}")));
    }
}
