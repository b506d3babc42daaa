package dev.parley.call;

import dev.parley.domain.TenantId;
import dev.parley.webhook.SigningSecret;
import java.util.List;
import java.util.Optional;

/** What is known of calls that come in by SIP: who is called under which address, and what the provider signs with. Blocks. Thread-safe. */
public interface IncomingStore {
    /** What the account's provider signs its webhooks with; empty if nobody has said it, or it cannot be decrypted. */
    Optional<SigningSecret> secret(String account);

    /** Says it, in the place of what was said before. */
    void setSecret(String account, SigningSecret secret);

    /** Whether there was one. */
    boolean removeSecret(String account);

    /** Notes that a webhook has come; false if it has come before. */
    boolean first(String account, String webhookId);

    /** It could not be passed on: it may come again. */
    void forget(String account, String webhookId);

    /** Whose the first of these addresses is that is anybody's. */
    Optional<TenantId> called(List<CallAddress> addresses);

    /** The tenant's, in their order. */
    List<CallAddress> addresses(TenantId tenant);

    /** False if it is somebody's already, this tenant's or another's. The tenant exists. */
    boolean addAddress(TenantId tenant, CallAddress address);

    boolean removeAddress(TenantId tenant, CallAddress address);
}
