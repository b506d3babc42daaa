package dev.parley.rest;

import io.vertx.core.buffer.Buffer;
import java.util.function.UnaryOperator;

/**
 * The bytes of a form on their way, with the model's name replaced by the one that the provider knows it by. What of the name
 * has come waits until all of it is there. One request; one thread.
 */
final class NamedForm {
    private final MultipartScan scan;
    private final UnaryOperator<String> names;
    /** Not passed on yet: from {@code passed} on. */
    private Buffer kept = Buffer.buffer();

    private long passed;
    private boolean named;

    /** @param scan takes each piece before this does */
    NamedForm(MultipartScan scan, UnaryOperator<String> names) {
        this.scan = scan;
        this.names = names;
    }

    /** The next piece as the scan has taken it; what can be passed on now. */
    Buffer take(Buffer piece) {
        kept.appendBuffer(piece);
        long begin = scan.modelBegin();
        long end = scan.modelEnd();
        if (named || begin < 0) {
            return flush(passed + kept.length());
        }
        if (end < 0) {
            return flush(begin);
        }
        named = true;
        Buffer whole = flush(begin);
        String asked = kept.getString(0, Math.toIntExact(end - begin));
        kept = kept.getBuffer(Math.toIntExact(end - begin), kept.length());
        passed = end;
        return whole.appendString(names.apply(asked)).appendBuffer(flush(passed + kept.length()));
    }

    private Buffer flush(long to) {
        int length = Math.toIntExact(to - passed);
        Buffer out = kept.getBuffer(0, length);
        kept = kept.getBuffer(length, kept.length());
        passed = to;
        return Buffer.buffer().appendBuffer(out);
    }
}
