package dev.parley.upstream;

import dev.parley.config.AccountConfig;
import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.Secret;
import java.net.URI;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/** Where an account is, and how one says who one is there, after its profile. Pure. */
final class AccountAddress {
    private static final int HTTPS = 443;
    private static final int HTTP = 80;
    /** Azure's resources serve OpenAI's paths under this one, for whose URL ends with the host. */
    private static final String AZURE_BASE = "/openai/v1";

    /** Microsoft Entra's access tokens are JWTs; no key of Azure looks like one. */
    private static final Pattern ENTRA_TOKEN = Pattern.compile("eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*");

    private final AccountConfig account;

    AccountAddress(AccountConfig account) {
        this.account = account;
    }

    String host() {
        return account.url().getHost();
    }

    int port() {
        int port = account.url().getPort();
        return port > 0 ? port : isTls() ? HTTPS : HTTP;
    }

    boolean isTls() {
        String scheme = account.url().getScheme();
        return scheme.equals("wss") || scheme.equals("https");
    }

    /** @param resource such as {@code /realtime} */
    String path(String resource) {
        URI url = account.url();
        String raw = url.getRawPath() == null ? "" : url.getRawPath();
        String base = raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw;
        return (base.isEmpty() && account.profile() == Profile.AZURE ? AZURE_BASE : base) + resource;
    }

    /** Tells the headers that every request to the account has. */
    void headers(BiConsumer<String, String> header) {
        Secret key = account.apiKey();
        if (key != null
                && account.profile() == Profile.AZURE
                && !ENTRA_TOKEN.matcher(key.reveal()).matches()) {
            header.accept("api-key", key.reveal());
        } else if (key != null) {
            header.accept("Authorization", "Bearer " + key.reveal());
        }
        if (account.profile() == Profile.OPENAI && account.organization() != null) {
            header.accept("OpenAI-Organization", account.organization());
        }
        if (account.profile() == Profile.OPENAI && account.project() != null) {
            header.accept("OpenAI-Project", account.project());
        }
    }
}
