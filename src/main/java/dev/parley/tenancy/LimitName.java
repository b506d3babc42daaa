package dev.parley.tenancy;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The limits that a plan or a tenant may set, by the names that they have everywhere: table, command, API, console. A limit
 * of a subject holds for each of a tenant's subjects by itself. Minutes and days are those of the clock (UTC).
 */
public enum LimitName {
    SESSIONS_MAX(0, 10, "sessions at once"),
    SUBJECT_SESSIONS_MAX(0, null, "sessions at once of one subject"),
    SESSION_LENGTH_MAX_SECONDS(1, 3_600, "the longest session"),
    RESUME_WINDOW_SECONDS(0, 30, "how long a session waits for its lost client; 0: not at all"),
    UPSTREAM_REPLACEMENTS_MAX(0, 0, "how often a session may go on with another upstream session"),
    OUTPUT_TOKENS_MAX(1, 4_096, "the most output tokens that one response may ask for"),
    SESSION_STARTS_PER_MINUTE(0, null, "session starts"),
    RESPONSES_PER_MINUTE(0, null, "responses"),
    TOKENS_PER_MINUTE(0, null, "tokens, input and output together"),
    AUDIO_SECONDS_PER_DAY(0, null, "seconds of audio that clients send"),
    SUBJECT_SESSION_STARTS_PER_MINUTE(0, null, "session starts of one subject"),
    SUBJECT_RESPONSES_PER_MINUTE(0, null, "responses of one subject"),
    SUBJECT_TOKENS_PER_MINUTE(0, null, "tokens of one subject"),
    SUBJECT_AUDIO_SECONDS_PER_DAY(0, null, "seconds of audio that one subject sends");

    private final long least;
    private final OptionalLong standard;
    private final String meaning;

    LimitName(long least, @Nullable Integer standard, String meaning) {
        this.least = least;
        this.standard = standard == null ? OptionalLong.empty() : OptionalLong.of(standard);
        this.meaning = meaning;
    }

    /** The least amount that makes sense. */
    public long least() {
        return least;
    }

    /** What holds when neither tenant nor plan say anything; empty: no limit. */
    public OptionalLong standard() {
        return standard;
    }

    public String meaning() {
        return meaning;
    }

    /** Such as {@code sessions_max}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<LimitName> of(String word) {
        return Arrays.stream(values()).filter(name -> name.word().equals(word)).findFirst();
    }
}
