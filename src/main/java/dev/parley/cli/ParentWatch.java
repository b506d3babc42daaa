package dev.parley.cli;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the broker when the process that started it is gone, however it went: Maven, or the launcher on an older Java. Both
 * name themselves in {@value #PROPERTY}; a broker that nobody watches over has no such property.
 */
final class ParentWatch {
    /** The process id, or {@code maven} for the direct parent. Set by the launcher and by the build. */
    static final String PROPERTY = "parley.parent";

    private static final String DIRECT_PARENT = "maven";
    private static final Logger LOGGER = LoggerFactory.getLogger(ParentWatch.class);

    private ParentWatch() {}

    /** Runs {@code stop} once when the parent ends; at once if it is gone already. */
    static void start(Runnable stop) {
        String named = System.getProperty(PROPERTY);
        if (named == null) {
            return;
        }
        Optional<ProcessHandle> parent = named.equals(DIRECT_PARENT)
                ? ProcessHandle.current().parent()
                : ProcessHandle.of(Long.parseLong(named));
        Runnable gone = () -> {
            LOGGER.atInfo().log("the process that started this broker is gone");
            stop.run();
        };
        if (parent.isEmpty()) {
            gone.run();
            return;
        }
        var _ = parent.get().onExit().thenRun(gone);
    }
}
