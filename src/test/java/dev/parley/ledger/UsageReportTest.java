package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageReportTest {
    private static final Instant DAY = Instant.parse("2026-11-20T00:00:00Z");
    private static final Instant NEXT_DAY = Instant.parse("2026-11-21T00:00:00Z");

    @Test
    void readsTheLinesOfACsvFileAndLeavesOpenWhatItDoesNotTell() {
        UsageReport report = read("""
                date,model,requests,text_in,audio_in,seconds,cost_usd
                2026-11-20,gpt-realtime,3,100,,,0.0123456789
                2026-11-20,gpt-realtime-whisper,1,,,12.5,
                """);

        assertThat(report.lines())
                .containsExactly(
                        new ReportLine(
                                DAY,
                                NEXT_DAY,
                                "gpt-realtime",
                                Map.of(Figure.REQUESTS, 3L, Figure.TEXT_IN, 100L, Figure.COST, 12_345_679L)),
                        new ReportLine(
                                DAY,
                                NEXT_DAY,
                                "gpt-realtime-whisper",
                                Map.of(Figure.REQUESTS, 1L, Figure.MILLIS, 12_500L)));
    }

    @Test
    void readsThePagesOfTheUsageApi() {
        UsageReport report = read("""
                {"object":"page","data":[{"object":"bucket","start_time":1795132800,"end_time":1795219200,"results":[
                  {"object":"organization.usage.completions.result","input_tokens":1000,"input_cached_tokens":400,
                   "input_text_tokens":300,"input_cached_text_tokens":150,"input_audio_tokens":200,
                   "input_cached_audio_tokens":250,"input_image_tokens":100,"input_cached_image_tokens":0,
                   "output_tokens":70,"output_text_tokens":20,"output_audio_tokens":50,"num_model_requests":5,
                   "model":"gpt-realtime-2025-08-28"},
                  {"object":"organization.usage.embeddings.result","input_tokens":5,"num_model_requests":1,"model":"e"}]}],
                 "has_more":true,"next_page":"x"}
                {"object":"page","data":[{"object":"bucket","start_time":1795219200,"end_time":1795305600,"results":[]},
                 {"object":"bucket","start_time":1795305600,"end_time":1795392000,"results":[
                  {"object":"organization.usage.audio_transcriptions.result","seconds":60,"num_model_requests":2,
                   "model":"whisper-1"}]}],"has_more":false}
                """);

        assertThat(report.skipped()).isEqualTo(1);
        assertThat(report.lines()).hasSize(2);
        assertThat(report.lines().getFirst().family()).isEqualTo("gpt-realtime");
        assertThat(report.lines().getFirst().from()).isEqualTo(DAY);
        assertThat(report.lines().getFirst().figures())
                .containsOnly(
                        Map.entry(Figure.REQUESTS, 5L),
                        Map.entry(Figure.TEXT_IN, 450L),
                        Map.entry(Figure.CACHED_TEXT, 150L),
                        Map.entry(Figure.AUDIO_IN, 450L),
                        Map.entry(Figure.CACHED_AUDIO, 250L),
                        Map.entry(Figure.IMAGE_IN, 100L),
                        Map.entry(Figure.CACHED_IMAGE, 0L),
                        Map.entry(Figure.TEXT_OUT, 20L),
                        Map.entry(Figure.AUDIO_OUT, 50L));
        assertThat(report.lines().getLast().figures())
                .containsOnly(Map.entry(Figure.REQUESTS, 2L), Map.entry(Figure.MILLIS, 60_000L));
        assertThat(report.covers(DAY, DAY.plusSeconds(3 * 86_400)))
                .as("a day without usage is spoken of, too")
                .isTrue();
        assertThat(report.covers(DAY.minusSeconds(60), NEXT_DAY)).isFalse();
        assertThat(report.covers(NEXT_DAY, DAY.plusSeconds(4 * 86_400))).isFalse();
    }

    @Test
    void readsTheOlderFieldsOfTheUsageApiAsTheyWereDocumented() {
        UsageReport report = read("""
                {"data":[{"start_time":1795132800,"end_time":1795219200,"result":[
                  {"object":"organization.usage.completions.result","input_tokens":5000,"output_tokens":1000,
                   "input_cached_tokens":4000,"input_audio_tokens":300,"output_audio_tokens":200,"num_model_requests":5,
                   "model":"gpt-realtime"}]}]}
                """);

        assertThat(report.lines().getFirst().figures())
                .containsOnly(
                        Map.entry(Figure.REQUESTS, 5L),
                        Map.entry(Figure.TEXT_IN, 5_000L),
                        Map.entry(Figure.CACHED_TEXT, 4_000L),
                        Map.entry(Figure.AUDIO_IN, 300L),
                        Map.entry(Figure.TEXT_OUT, 1_000L),
                        Map.entry(Figure.AUDIO_OUT, 200L));
    }

    @Test
    void sumsTheItemsOfTheCostsApiByModel() {
        UsageReport report = read("""
                {"data":[{"start_time":1795132800,"end_time":1795219200,"results":[
                  {"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"},"line_item":"gpt-realtime, audio input"},
                  {"object":"organization.costs.result","amount":{"value":"0.04","currency":"usd"},"line_item":"gpt-realtime-2025-08-28, output"}]},
                 {"start_time":1795219200,"end_time":1795305600,"results":[
                  {"object":"organization.costs.result","amount":{"value":1e-9,"currency":"usd"},"line_item":null}]}]}
                """);

        assertThat(report.lines())
                .containsExactly(
                        new ReportLine(DAY, NEXT_DAY, "gpt-realtime", Map.of(Figure.COST, 100_000_000L)),
                        new ReportLine(
                                NEXT_DAY,
                                NEXT_DAY.plusSeconds(86_400),
                                ReportLine.ALL_MODELS,
                                Map.of(Figure.COST, 1L)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''| the report is empty",
                "date,model,day| no column 'day'",
                "date,requests| columns model and date",
                "date,model,text_in;2026-11-20,,1| names no model",
                "date,model,text_in;2026-11-20,m,-1| negative number of text_in",
                "date,model,text_in;2026-11-20,m| 2 cells under 3 columns",
                "date,model,text_in;2026-11-20,m,1.5| line 2: '1.5' under text_in is not a number",
                "date,model,cost_usd;2026-11-20,m,abc| line 2: 'abc' under cost_usd is not a number",
                "date,model,cost_usd,cost_usd;2026-11-20,m,1,2| a column is there twice",
                "date,model,text_in,cached_text;2026-11-20,m,5,10| more cached_text, which is a part, than text_in",
                "date,model,cost_usd;2026-11-20,m,1e999999999| too large",
                "date,model,text_in;2026-11-31,m,1| not a day",
                "start_time,end_time,model;2026-11-20T00:00:00Z,2026-11-20T00:00:30Z,m| not a time of whole minutes",
                "start_time,end_time,model;2026-11-20T01:00:00Z,2026-11-20T00:00:00Z,m| not a time of whole minutes",
                "{| not JSON",
                "{\"data\":1}| no 'data'",
                "{\"data\":[{\"start_time\":0,\"end_time\":60,\"results\":[{\"object\":\"organization.costs.result\"}]}]}| only usd",
                "{\"data\":[{\"start_time\":99999999999999999,\"end_time\":60,\"results\":[]}]}| is not a time",
                "{\"data\":[{\"start_time\":0,\"end_time\":1e30,\"results\":[]}]}| too large",
                "{\"data\":[{\"start_time\":0,\"end_time\":60,\"results\":[{\"object\":\"organization.usage.completions.result\",\"input_tokens\":1,\"output_tokens\":1,\"num_model_requests\":1,\"model\":null}]}]}| group_by=model"
            })
    void saysWhatIsWrongWithAReport(String text, String message) {
        String file = text.startsWith("{") ? text : text.replace(';', '\n');
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesTimesOfOneModelThatOverlap() {
        assertThatThrownBy(() -> read("""
                        start_time,end_time,model,text_in
                        2026-11-20T00:00:00Z,2026-11-21T00:00:00Z,gpt-realtime,1
                        2026-11-20T12:00:00Z,2026-11-20T13:00:00Z,gpt-realtime-2025-08-28,1
                        """)).hasMessageContaining("overlap");
    }

    private static UsageReport read(String text) {
        return UsageReport.read(text.getBytes(StandardCharsets.UTF_8));
    }
}
