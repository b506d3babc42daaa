package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.gateway.BrokerRig;
import dev.parley.simulator.Booking;
import dev.parley.simulator.Usage;
import java.util.List;

/** Holds the ledger of a broker against the books of the simulator behind it. */
final class LedgerRows {
    private LedgerRows() {}

    /** The tenant's rows are exactly these bookings, once each, with the same numbers. */
    static void assertEqualTo(List<Booking> bookings, BrokerRig rig, String tenant) {
        assertThat(rowsOf(rig, tenant))
                .containsExactlyInAnyOrderElementsOf(
                        bookings.stream().map(LedgerRows::rowOf).toList());
    }

    private static List<String> rowsOf(BrokerRig rig, String tenant) {
        String rows = rig.database().query("""
                select coalesce(string_agg(concat_ws(' ', work, kind, reference, model_resolved, status,
                    text_in, audio_in, image_in, cached_text, cached_audio, cached_image,
                    text_out, audio_out, reasoning_out, millis), e'\\n'), '')
                from usage_entry where tenant_id = '%s'""".formatted(tenant));
        return rows.isEmpty() ? List.of() : List.of(rows.split("\n"));
    }

    private static String rowOf(Booking booking) {
        boolean response = booking.kind() == Booking.Kind.RESPONSE;
        Usage usage = booking.usage();
        return String.join(
                " ",
                response ? "response" : "transcription",
                "usage",
                response ? booking.id() : booking.id() + "/0",
                booking.model(),
                booking.status(),
                usage.input().text() + " " + usage.input().audio() + " "
                        + usage.input().image(),
                usage.cached().text() + " " + usage.cached().audio() + " "
                        + usage.cached().image(),
                usage.output().text() + " " + usage.output().audio() + " " + usage.reasoning(),
                Long.toString(Math.round(booking.seconds() * 1_000)));
    }
}
