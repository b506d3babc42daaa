package dev.parley.server;

import dev.parley.telemetry.ErrorRecorder;
import dev.parley.telemetry.Meters;

/** Counts what is recorded. */
record MeteredErrors(ErrorRecorder errors, Meters meters) implements ErrorRecorder {
    @Override
    public void record(SessionError error) {
        meters.failed(error.origin(), error.code());
        Integer closeCode = error.closeCode();
        if (closeCode != null) {
            meters.closed(closeCode);
        }
        errors.record(error);
    }
}
