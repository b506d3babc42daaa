package dev.parley.admin;

import dev.parley.pool.PoolSnapshot;
import dev.parley.pool.PoolSnapshot.AccountRow;
import dev.parley.pool.PoolSnapshot.ModelRow;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Locale;

/** A pool as nodes tell it to each other, and as the API shows it. */
final class PoolJson {
    private PoolJson() {}

    static JsonObject of(PoolSnapshot pool) {
        JsonArray models = new JsonArray();
        pool.models().forEach(model -> models.add(of(model)));
        JsonArray accounts = new JsonArray();
        pool.accounts().forEach(account -> accounts.add(of(account)));
        return new JsonObject().put("models", models).put("accounts", accounts);
    }

    private static JsonObject of(ModelRow row) {
        return new JsonObject()
                .put("model", row.model())
                .put("cl_active", row.clActive())
                .put("cl_waiting", row.clWaiting())
                .put("sv_active", row.svActive())
                .put("sv_idle", row.svIdle())
                .put("sv_tested", row.svTested())
                .put("sv_login", row.svLogin())
                .put("sv_closing", row.svClosing())
                .put("sv_warm_target", row.svWarmTarget())
                .put("maxwait_millis", row.maxWait().toMillis());
    }

    private static JsonObject of(AccountRow row) {
        Duration reopensIn = row.reopensIn();
        return new JsonObject()
                .put("name", row.name())
                .put("profile", row.profile().toLowerCase(Locale.ROOT))
                .put("open", row.open())
                .put("sessions_max", row.sessionsMax())
                .put("weight", row.weight())
                .put("breaker", row.breaker().name().toLowerCase(Locale.ROOT))
                .put("reopens_in_millis", reopensIn == null ? null : reopensIn.toMillis())
                .put("cause", row.cause());
    }
}
