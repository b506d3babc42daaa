package dev.parley.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An upstream account: a provider's credential and what may be done with it.
 *
 * @param url base such as {@code wss://api.openai.com/v1}
 * @param apiKey sent as the profile says; null for providers that want none
 * @param organization sent as {@code OpenAI-Organization}, by the profile {@code openai} only
 * @param project sent as {@code OpenAI-Project}, by the profile {@code openai} only
 * @param trust PEM file of further authorities for {@code wss}; host names are always verified
 * @param models what is served, with the name that the provider knows it by (Azure: the deployment); empty serves all.
 *     {@link #TRANSCRIPTION} stands for transcription sessions
 * @param weight its share of new sessions, against the weights of the others
 * @param sessionsMax upstream sessions at once, of this node
 */
public record AccountConfig(
        String name,
        Profile profile,
        URI url,
        @Nullable Secret apiKey,
        @Nullable String organization,
        @Nullable String project,
        @Nullable Path trust,
        Map<String, String> models,
        int weight,
        int sessionsMax) {
    /** In {@link #models}, and wherever else models are named: sessions that only transcribe. */
    public static final String TRANSCRIPTION = "transcription";

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

    /** The kinds of provider: how the credential is sent. */
    public enum Profile {
        /** {@code Authorization: Bearer}, with organisation and project. */
        OPENAI,
        /** {@code api-key}, or {@code Authorization: Bearer} if the key is a token of Entra; models are deployments' names. */
        AZURE,
        /** {@code Authorization: Bearer} and nothing of OpenAI's own. */
        COMPATIBLE;

        /** As people and the database write it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public AccountConfig {
        models = Map.copyOf(models);
    }

    /** Whether an account may be called that: small letters, digits and '-', at most 32. */
    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** An account of the profile {@code openai} that serves everything. */
    public static AccountConfig of(String name, URI url, @Nullable Secret apiKey, int sessionsMax) {
        return new AccountConfig(name, Profile.OPENAI, url, apiKey, null, null, null, Map.of(), 1, sessionsMax);
    }
}
