package dev.parley.webhook;

import org.jspecify.annotations.Nullable;

/**
 * What became of one try.
 *
 * @param status of the receiver's answer; null: there was none
 * @param error why it does not count as delivered, in words from a small set; null if it does
 */
public record Answer(@Nullable Integer status, @Nullable String error) {
    private static final int SUCCESS_MIN = 200;
    private static final int SUCCESS_MAX = 299;

    static Answer ofStatus(int status) {
        boolean taken = status >= SUCCESS_MIN && status <= SUCCESS_MAX;
        return new Answer(status, taken ? null : "the receiver answered " + status);
    }

    static Answer none(String error) {
        return new Answer(null, error);
    }

    /** Whether the receiver has taken it. */
    public boolean isSuccess() {
        return error == null;
    }
}
