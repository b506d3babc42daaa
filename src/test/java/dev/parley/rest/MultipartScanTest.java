package dev.parley.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MultipartScanTest {
    private static final String TYPE = "multipart/form-data; boundary=----form7";

    @Test
    void seesFieldsAndTheFileHoweverTheBytesAreCut() {
        SplittableRandom random = new SplittableRandom(7);
        byte[] file = new byte[10_000];
        random.nextBytes(file);
        Buffer form = form("gpt-4o-transcribe", wav(file, 48_000));
        for (int round = 0; round < 300; round++) {
            MultipartScan scan = MultipartScan.of(TYPE).orElseThrow();
            for (int at = 0; at < form.length(); ) {
                int to = Math.min(form.length(), at + 1 + random.nextInt(round < 5 ? 3 : 4_000));
                scan.take(form.slice(at, to));
                at = to;
            }
            assertThat(scan.ended()).isTrue();
            assertThat(scan.field("model")).contains("gpt-4o-transcribe");
            assertThat(scan.files()).isEqualTo(1);
            assertThat(scan.fileBytes()).isEqualTo(10_044);
            assertThat(scan.file().bytesPerSecond()).isEqualTo(48_000);
        }
    }

    @Test
    void theModelsNameIsReplacedHoweverTheBytesAreCut() {
        SplittableRandom random = new SplittableRandom(7);
        Buffer form = form("gpt-4o-transcribe", wav(new byte[1_000], 48_000));
        Buffer wanted = form("eu-asr", wav(new byte[1_000], 48_000));
        for (int round = 0; round < 300; round++) {
            MultipartScan scan = MultipartScan.of(TYPE).orElseThrow();
            NamedForm named = new NamedForm(scan, name -> name.equals("gpt-4o-transcribe") ? "eu-asr" : "wrong");
            Buffer passed = Buffer.buffer();
            for (int at = 0; at < form.length(); ) {
                int to = Math.min(form.length(), at + 1 + random.nextInt(round < 5 ? 3 : 400));
                scan.take(form.slice(at, to));
                passed.appendBuffer(named.take(form.slice(at, to)));
                at = to;
            }
            assertThat(passed).isEqualTo(wanted);
        }
    }

    @Test
    void refusesFormsThatCouldBeReadInTwoWays() {
        for (String bad : List.of(
                "no boundary at all, but long enough that it must have come",
                "------form7\r\nContent-Disposition: form-data\r\n\r\nx\r\n------form7--",
                "------form7\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\na\r\n------form7\r\nContent-Disposition:"
                        + " form-data; name=\"model\"\r\n\r\nb\r\n------form7--",
                "------form7garbage\r\n\r\n",
                "------form7\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n" + "x".repeat(3 << 20),
                "------form7\r\nX: " + "x".repeat(20_000))) {
            MultipartScan scan = MultipartScan.of(TYPE).orElseThrow();
            scan.take(Buffer.buffer(bad));
            assertThat(scan.broken()).as(bad.substring(0, 15)).isTrue();
            assertThat(scan.problem()).isNotEmpty();
        }
        assertThat(MultipartScan.of("application/json")).isEmpty();
        assertThat(MultipartScan.of("multipart/form-data")).isEmpty();
        assertThat(MultipartScan.of("Multipart/Form-Data; charset=x; boundary=\"a b\""))
                .isPresent();
    }

    @Test
    void letsNoSecondModelHideInTheForm() {
        String name = "Content-Disposition: form-data; name=\"";
        for (String part : List.of(
                "Content-Disposition: form-data; filename=\"a name=\"; name=\"model\"",
                "Content-Disposition: form-data; filename=\"a\\\"; name=\"model\"",
                name + "x\"; name*=UTF-8''model",
                name + "x\"; name=\"model\"",
                name + "x\"\r\n" + name + "model\"",
                name + "x\"\nContent-Disposition: form-data; name=\"model\"",
                name + "x\"\r\n------form7\r\nContent-Type: text/plain",
                "\r\n" + name + "x\"")) {
            MultipartScan scan = MultipartScan.of(TYPE).orElseThrow();
            scan.take(Buffer.buffer("------form7\r\n" + part + "\r\n\r\ngpt-dear\r\n------form7--\r\n"));
            assertThat(scan.broken() || scan.field("model").isPresent())
                    .as(part)
                    .isTrue();
        }
        assertThat(MultipartScan.of("multipart/form-data; x=\"boundary=A\"; boundary=B")
                        .orElseThrow()
                        .contentType())
                .isEqualTo("multipart/form-data; boundary=B");
        assertThat(MultipartScan.of("multipart/form-data; boundary=A; boundary=B"))
                .isEmpty();
        assertThat(MultipartScan.of("multipart/form-data; boundary=A; boundary*=UTF-8''B"))
                .isEmpty();
        MultipartScan before = MultipartScan.of(TYPE).orElseThrow();
        before.take(Buffer.buffer("\n--form\r\n------form7\r\n"));
        assertThat(before.broken()).isTrue();
    }

    @Test
    void sendsOnNothingBehindTheFormsEnd() {
        MultipartScan scan = MultipartScan.of(TYPE).orElseThrow();
        Buffer form = form("whisper-1", new byte[100]);
        scan.take(form.slice(0, 50));
        Buffer rest = form.slice(50, form.length()).copy().appendString("------form7\r\nmore");
        scan.take(rest);
        assertThat(scan.ended()).isTrue();
        assertThat(scan.within(rest)).isEqualTo(form.slice(50, form.length()));
    }

    @Test
    void takesVoicesThatAreToBeRecognised() {
        MultipartScan scan = MultipartScan.of(TYPE).orElseThrow();
        String voice =
                "------form7\r\nContent-Disposition: form-data; name=\"known_speaker_references[]\"\r\n\r\ndata:audio/wav;base64,"
                        + "A".repeat(450_000) + "\r\n";
        scan.take(Buffer.buffer(voice + voice + voice + voice));
        scan.take(form("gpt-4o-transcribe-diarize", new byte[100]));
        assertThat(scan.problem()).isEmpty();
        assertThat(scan.field("model")).contains("gpt-4o-transcribe-diarize");
    }

    @Test
    void believesAWavOnlyWhatItsSamplesSay() {
        byte[] fast = wav(new byte[48_000], 48_000);
        ByteBuffer.wrap(fast).order(ByteOrder.LITTLE_ENDIAN).putInt(28, Integer.MAX_VALUE);
        assertThat(AudioFile.of(fast).millisAtMost(48_000)).isEqualTo(48_000);
        byte[] compressed = wav(new byte[48_000], 48_000);
        ByteBuffer.wrap(compressed).order(ByteOrder.LITTLE_ENDIAN).putShort(20, (short) 0x55);
        assertThat(AudioFile.of(compressed).millisAtMost(48_000)).isEqualTo(48_000);
    }

    @Test
    void tellsTheLengthOfAWavAndGuessesOthersWithinBounds() {
        assertThat(AudioFile.of(wav(new byte[48_000], 48_000)).millisAtMost(48_000))
                .isEqualTo(1_000);
        AudioFile other = AudioFile.of("ID3 something".getBytes(StandardCharsets.US_ASCII));
        assertThat(other.millisAtMost(8_000)).isEqualTo(8_000);
        assertThat(other.millisLikely(8_000)).isEqualTo(2_000);
        assertThat(AudioFile.of(new byte[0]).millisAtMost(5)).isEqualTo(5);
    }

    static byte[] wav(byte[] pcm, int bytesPerSecond) {
        ByteBuffer wav = ByteBuffer.allocate(44 + pcm.length).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + pcm.length);
        wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        wav.putShort((short) 1).putShort((short) 1).putInt(bytesPerSecond / 2).putInt(bytesPerSecond);
        wav.putShort((short) 2).putShort((short) 16).put("data".getBytes(StandardCharsets.US_ASCII));
        return wav.putInt(pcm.length).put(pcm).array();
    }

    private static Buffer form(String model, byte[] file) {
        return Buffer.buffer(
                        "------form7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type:"
                                + " audio/wav\r\n\r\n")
                .appendBytes(file)
                .appendString(
                        "\r\n------form7\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + model
                                + "\r\n------form7\r\ncontent-disposition: form-data; name=\"response_format\"\r\n\r\njson\r\n------form7--\r\n");
    }
}
