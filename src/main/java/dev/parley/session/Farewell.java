package dev.parley.session;

import dev.parley.protocol.RejectionMapper;

/**
 * The end of a session that its client still has to hear of.
 *
 * @param told whether the provider has told the client itself, and only the close is left
 */
public record Farewell(Ending ending, boolean told) {
    /** Closed as it was asked for: no error. */
    private static final int CLOSE_NORMAL = 1000;

    /** @param begun whether there was an upstream: an end before is reported by whoever knows why there was none */
    public void say(ClientSide client, SessionReport report, OwnEvents ids, boolean begun) {
        if (ending.normal()) {
            report.ended(ending.refusal().code(), ending.closeCode());
        } else if (begun) {
            report.abnormal(
                    ending.origin(), ending.refusal().code(), ending.refusal().message(), ending.closeCode());
        }
        boolean asked = ending.normal() && ending.closeCode() == CLOSE_NORMAL;
        if (!told && !asked) {
            client.send(RejectionMapper.errorEvent(ending.refusal(), ids.next(), ending.clientEventId()));
        }
        client.close(ending.closeCode(), ending.closeReason());
    }
}
