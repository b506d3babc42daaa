package dev.parley.auth;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts secrets for their rows in the database: each with a random data key of its own (AES-256-GCM), which is itself
 * encrypted with the master key. Both are bound to the {@link Place}, so a box that was moved to another row, tenant or
 * version does not open. Blocks for microseconds; thread-safe.
 *
 * <p>Layout: one byte format, 12 nonce and 48 data key (with tag), 12 nonce and the secret (with tag).
 */
public final class SecretBox {
    private static final byte FORMAT = 1;
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
    private static final String ALGORITHM = "AES";
    private static final String CIPHER = "AES/GCM/NoPadding";

    private final SecretKey masterKey;
    private final SecureRandom random = new SecureRandom();

    /** @param masterKey 32 bytes, copied */
    SecretBox(byte[] masterKey) {
        if (masterKey.length != KEY_BYTES) {
            throw new IllegalArgumentException("the master key has " + KEY_BYTES + " bytes");
        }
        this.masterKey = new SecretKeySpec(masterKey, ALGORITHM);
    }

    /**
     * The row that a secret belongs to.
     *
     * @param owner the tenant, or what else the row belongs to
     * @param version of the secret in this row
     */
    public record Place(String table, String owner, String id, int version) {
        private byte[] bytes(String purpose) {
            // Lengths in front: no two places give the same bytes.
            StringBuilder text = new StringBuilder();
            for (String part : new String[] {purpose, table, owner, id, Integer.toString(version)}) {
                text.append(part.length()).append(':').append(part);
            }
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    /** Puts a secret in a box for its place. */
    public byte[] seal(Place place, byte[] secret) {
        byte[] dataKey = new byte[KEY_BYTES];
        random.nextBytes(dataKey);
        try {
            byte[] wrapped = encrypt(masterKey, place.bytes("key"), dataKey);
            byte[] sealed = encrypt(new SecretKeySpec(dataKey, ALGORITHM), place.bytes("secret"), secret);
            return ByteBuffer.allocate(1 + wrapped.length + sealed.length)
                    .put(FORMAT)
                    .put(wrapped)
                    .put(sealed)
                    .array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM is not usable", e);
        } finally {
            Arrays.fill(dataKey, (byte) 0);
        }
    }

    /** Opens a box; the caller wipes the secret when it is done. Throws {@link CannotOpenException}. */
    public byte[] open(Place place, byte[] box) {
        if (box.length < 1 + WRAPPED_BYTES + NONCE_BYTES + TAG_BYTES || box[0] != FORMAT) {
            throw new CannotOpenException(place);
        }
        byte[] dataKey = new byte[0];
        try {
            dataKey = decrypt(masterKey, place.bytes("key"), Arrays.copyOfRange(box, 1, 1 + WRAPPED_BYTES));
            return decrypt(
                    new SecretKeySpec(dataKey, ALGORITHM),
                    place.bytes("secret"),
                    Arrays.copyOfRange(box, 1 + WRAPPED_BYTES, box.length));
        } catch (GeneralSecurityException _) {
            throw new CannotOpenException(place);
        } finally {
            Arrays.fill(dataKey, (byte) 0);
        }
    }

    private byte[] encrypt(SecretKey key, byte[] place, byte[] plain) throws GeneralSecurityException {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        Cipher cipher = Cipher.getInstance(CIPHER);
        cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
        cipher.updateAAD(place);
        byte[] sealed = cipher.doFinal(plain);
        return ByteBuffer.allocate(nonce.length + sealed.length)
                .put(nonce)
                .put(sealed)
                .array();
    }

    private static byte[] decrypt(SecretKey key, byte[] place, byte[] sealed) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(CIPHER);
        cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BYTES * Byte.SIZE, sealed, 0, NONCE_BYTES));
        cipher.updateAAD(place);
        return cipher.doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES);
    }

    @Override
    public String toString() {
        return "SecretBox[****]";
    }

    /** A box was moved, changed, or sealed with another master key. */
    public static final class CannotOpenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CannotOpenException(Place place) {
            super("the secret of " + place.table() + " '" + place.id() + "' of '" + place.owner()
                    + "' cannot be decrypted: it was changed, or the master key is another one");
        }
    }
}
