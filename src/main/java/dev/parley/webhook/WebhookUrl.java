package dev.parley.webhook;

import java.net.URI;
import java.net.URISyntaxException;

/** Where a webhook is. Its query may hold a credential, so what is shown of it leaves the query out. */
public record WebhookUrl(URI uri) {
    private static final int LENGTH_MAX = 2048;

    public WebhookUrl {
        boolean http = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
        boolean bare = uri.getRawUserInfo() == null && uri.getRawFragment() == null;
        if (!http || !bare || uri.getHost() == null || uri.toString().length() > LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "a webhook's URL is https://host[:port]/path[?query], without user or fragment, of at most "
                            + LENGTH_MAX + " characters");
        }
    }

    /** Throws {@link IllegalArgumentException}, which does not quote the text. */
    public static WebhookUrl of(String text) {
        try {
            return new WebhookUrl(new URI(text));
        } catch (URISyntaxException _) {
            throw new IllegalArgumentException("that is not a URL");
        }
    }

    /**
     * This one, if it is encrypted on its way.
     *
     * @param allowLoopback whether http is taken too, which then reaches loopback only
     * @throws IllegalArgumentException if it is not
     */
    public WebhookUrl checked(boolean allowLoopback) {
        if (!"https".equals(uri.getScheme()) && !allowLoopback) {
            throw new IllegalArgumentException(
                    "a webhook's URL is https; http is for loopback, and only with webhooks.allow-loopback");
        }
        return this;
    }

    /** For people: without the query. */
    @Override
    public String toString() {
        return uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath()
                + (uri.getRawQuery() == null ? "" : "?…");
    }
}
