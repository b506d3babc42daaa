package dev.parley.admin;

import dev.parley.administration.AuditLog;
import io.vertx.core.json.JsonObject;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How resources change something: with an entry in the audit log, in one transaction. */
final class Changes {
    private final AuditLog audit;

    Changes(AuditLog audit) {
        this.audit = audit;
    }

    <T> T inTransaction(Supplier<T> work) {
        return audit.inTransaction(work);
    }

    /** Notes a change; inside of the transaction that makes it, at its end. Of both states only what differs is kept. */
    void note(Call call, String action, String target, @Nullable JsonObject before, @Nullable JsonObject after) {
        audit.append(new AuditLog.Entry(call.actor(), action, target, without(before, after), without(after, before)));
    }

    private static @Nullable JsonObject without(@Nullable JsonObject one, @Nullable JsonObject other) {
        if (one == null || other == null) {
            return one;
        }
        JsonObject rest = new JsonObject();
        one.forEach(field -> {
            if (!Objects.equals(field.getValue(), other.getValue(field.getKey()))) {
                rest.put(field.getKey(), field.getValue());
            }
        });
        return rest;
    }
}
