package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;

class CsvTest {
    @Test
    void writesNamesThenRows() {
        JsonObject row =
                new JsonObject().put("tenant", "acme").put("entries", 3).put("cost_nano_usd", "-1500");

        assertThat(Csv.of(List.of(row))).isEqualTo("tenant,entries,cost_nano_usd\r\nacme,3,-1500\r\n");
        assertThat(Csv.of(List.of())).isEmpty();
    }

    @Test
    void quotesWhatWouldBreakTheTable() {
        JsonObject row = new JsonObject().put("subject", "a \"quoted\", one\n").putNull("model");

        assertThat(Csv.of(List.of(row))).isEqualTo("subject,model\r\n\"a \"\"quoted\"\", one\n\",\r\n");
    }

    @Test
    void disarmsWhatASpreadsheetWouldRun() {
        for (String formula : List.of("=1+1", "+SUM(A1)", "-2+3", "@cmd", "\tx")) {
            assertThat(Csv.of(List.of(new JsonObject().put("subject", formula))))
                    .as(formula)
                    .contains("'" + formula);
        }
    }
}
