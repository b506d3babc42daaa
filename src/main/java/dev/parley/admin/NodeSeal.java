package dev.parley.admin;

import dev.parley.administration.SecretText;
import dev.parley.concurrent.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * How nodes on one database know each other: a code over the time and the path, made with a key that only they can read.
 * Good for {@link #GOOD_SECONDS} either way. Thread-safe.
 */
final class NodeSeal {
    static final String HEADER = "x-parley-node";
    static final long GOOD_SECONDS = 60;
    private static final String ALGORITHM = "HmacSHA256";
    private static final String PURPOSE = "parley node to node\n";

    private final SecretKeySpec key;
    private final Ticker ticker;

    /** @param secret that all nodes share; copied */
    NodeSeal(byte[] secret, Ticker ticker) {
        this.key = new SecretKeySpec(secret, ALGORITHM);
        this.ticker = ticker;
    }

    String seal(String path) {
        long now = ticker.now().getEpochSecond();
        return now + "." + code(now, path);
    }

    boolean good(String seal, String path) {
        int dot = seal.indexOf('.');
        if (!seal.matches("\\d{1,12}\\.[A-Za-z0-9_-]{43}")) {
            return false;
        }
        long time = Long.parseLong(seal.substring(0, dot));
        return Math.abs(ticker.now().getEpochSecond() - time) <= GOOD_SECONDS
                && SecretText.same(seal.substring(dot + 1), code(time, path));
    }

    private String code(long time, String path) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            byte[] code = mac.doFinal((PURPOSE + time + "\n" + path).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(code);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }
}
