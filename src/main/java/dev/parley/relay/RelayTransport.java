package dev.parley.relay;

import io.vertx.core.transport.Transport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Picks what the event loops run on, for {@code Vertx.builder().withTransport(…)}, and says so in a log line. */
public final class RelayTransport {
    private static final Logger LOGGER = LoggerFactory.getLogger(RelayTransport.class);

    /** What to pick. */
    public enum Choice {
        /** io_uring where it works, then epoll, then NIO. */
        AUTO,
        IO_URING,
        EPOLL,
        NIO
    }

    private RelayTransport() {}

    /**
     * The transport to use.
     *
     * @throws IllegalStateException if another one than {@link Choice#AUTO} was asked for and does not work here
     */
    public static Transport pick(Choice choice) {
        Transport picked = switch (choice) {
            case AUTO -> firstOf(Transport.IO_URING, Transport.EPOLL);
            case IO_URING -> required(choice, Transport.IO_URING);
            case EPOLL -> required(choice, Transport.EPOLL);
            case NIO -> Transport.NIO;
        };
        LOGGER.atInfo()
                .addKeyValue("transport", picked.name())
                .addKeyValue("asked", choice)
                .log("event loop transport");
        return picked;
    }

    private static Transport firstOf(@Nullable Transport... transports) {
        for (Transport transport : transports) {
            if (transport != null && transport.available()) {
                return transport;
            }
        }
        return Transport.NIO;
    }

    private static Transport required(Choice choice, @Nullable Transport transport) {
        if (transport == null || !transport.available()) {
            Throwable cause = transport == null ? null : transport.unavailabilityCause();
            throw new IllegalStateException("transport " + choice + " does not work on this machine", cause);
        }
        return transport;
    }
}
