package dev.parley.server;

import dev.parley.admin.AdminApi;
import dev.parley.admin.AdminListener;
import dev.parley.admin.LiveFeed;
import dev.parley.admin.NodeLink;
import dev.parley.admin.RecentTurns;
import dev.parley.admin.SingleSignOn;
import dev.parley.admin.TenantDoor;
import dev.parley.admin.Webhooks;
import dev.parley.administration.AdministratorStore;
import dev.parley.administration.AuditLog;
import dev.parley.administration.Passwords;
import dev.parley.administration.Reports;
import dev.parley.administration.SignIn;
import dev.parley.auth.BrokerTokens;
import dev.parley.auth.OpenIdProvider;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Rounds;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.config.OidcConfig;
import dev.parley.domain.NodeIdentity;
import dev.parley.pool.PoolSnapshot;
import dev.parley.session.SessionRegistry;
import dev.parley.store.Database;
import dev.parley.store.JdbcAccounts;
import dev.parley.store.JdbcAdministrators;
import dev.parley.store.JdbcApiTokens;
import dev.parley.store.JdbcAuditLog;
import dev.parley.store.JdbcCatalogue;
import dev.parley.store.JdbcDeliveryLog;
import dev.parley.store.JdbcIssuers;
import dev.parley.store.JdbcOrders;
import dev.parley.store.JdbcOrigins;
import dev.parley.store.JdbcPlanRegister;
import dev.parley.store.JdbcPriceList;
import dev.parley.store.JdbcReplays;
import dev.parley.store.JdbcReports;
import dev.parley.store.JdbcTenantRegister;
import dev.parley.store.JdbcWebhooks;
import dev.parley.store.StoreException;
import dev.parley.webhook.Sender;
import io.vertx.core.Vertx;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The admin API of a broker, on connections and threads of its own. */
final class AdminPlane {
    /** Connections, and so what is done at once. */
    static final int CONNECTIONS = 3;
    /** Requests at once that wait for the OpenID provider or for a webhook's receiver. */
    static final int ASKING_OTHERS = 8;

    private static final int SECRET_BYTES = 32;
    private static final Duration CHECKPOINT_EVERY = Duration.ofHours(1);
    private static final Logger LOGGER = LoggerFactory.getLogger(AdminPlane.class);

    private static final String LINK_PATH = "/#/link/";

    private final SignIn signIn;

    private AdminPlane(SignIn signIn) {
        this.signIn = signIn;
    }

    /** Serves the API on the listener. Blocks. */
    static AdminPlane start(
            Vertx vertx,
            AdminListener listener,
            Blocking blocking,
            Blocking outside,
            Storage storage,
            SessionRegistry registry,
            RecentTurns turns,
            Supplier<PoolSnapshot> pool,
            BrokerTokens tokens,
            TenantDoor door,
            NodeIdentity node,
            BrokerConfig config,
            Parts parts) {
        Database database = storage.operators();
        AuditLog audit = new JdbcAuditLog(database);
        AdministratorStore administrators = new JdbcAdministrators(database);
        Reports reports = new JdbcReports(database);
        SignIn signIn = new SignIn(administrators, audit, new Passwords(), Ticker.SYSTEM);
        NodeLink nodes = new NodeLink(
                node,
                sharedSecret(storage),
                config.admin().tls(),
                registry,
                turns,
                pool,
                reports,
                blocking,
                Ticker.SYSTEM);
        parts.add("link to the other nodes", nodes::close);
        AdminApi api = new AdminApi(
                vertx,
                new AdminApi.Parts(
                        blocking,
                        outside,
                        administrators,
                        new JdbcApiTokens(database),
                        signIn,
                        singleSignOn(vertx, config.oidc(), parts),
                        audit,
                        new JdbcReplays(database),
                        reports,
                        new JdbcTenantRegister(database),
                        new JdbcPlanRegister(database),
                        new JdbcIssuers(database, storage.masterKey()),
                        tokens,
                        new JdbcOrders(database),
                        new JdbcPriceList(database),
                        new JdbcCatalogue(database),
                        new JdbcOrigins(database),
                        new Webhooks(
                                new JdbcWebhooks(database, storage.masterKey()),
                                new JdbcDeliveryLog(database),
                                new Sender(vertx, config.webhooks().allowLoopback(), Ticker.SYSTEM),
                                config.webhooks().allowLoopback()),
                        new JdbcAccounts(database, storage.masterKey()),
                        nodes.figures(),
                        door,
                        new LiveFeed(vertx, blocking, reports, nodes.figures()),
                        failure -> failure instanceof StoreException store && store.isRetryable(),
                        Ticker.SYSTEM));
        parts.add("playground", api::close);
        listener.serve(api, nodes);
        Rounds checkpoints = new Rounds("audit-checkpoints", CHECKPOINT_EVERY, () -> logCheckpoint(audit));
        parts.add("audit checkpoints", checkpoints::close);
        return new AdminPlane(signIn);
    }

    private static @Nullable SingleSignOn singleSignOn(Vertx vertx, @Nullable OidcConfig config, Parts parts) {
        if (config == null) {
            return null;
        }
        OpenIdProvider provider = new OpenIdProvider(vertx, config, Ticker.SYSTEM);
        parts.add("OpenID provider", provider::close);
        return new SingleSignOn(provider, config);
    }

    /** In the log, which is kept elsewhere than the database: {@code parley audit verify --checkpoint} takes it. */
    private static void logCheckpoint(AuditLog audit) {
        try {
            LOGGER.atInfo().addKeyValue("checkpoint", audit.checkpoint()).log("audit log");
        } catch (StoreException e) {
            LOGGER.atWarn().addKeyValue("cause", e.getMessage()).log("the audit log cannot be read now");
        }
    }

    /** The secret that signs the broker's own tokens: all nodes have it, and nobody else. */
    private static byte[] sharedSecret(Storage storage) {
        byte[] candidate = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(candidate);
        return storage.issuers().brokerSecret(candidate);
    }

    /** Where the first owner signs in; empty if there is an administrator already. Blocks. */
    Optional<String> firstLink() {
        return signIn.firstLink().map(secret -> LINK_PATH + secret);
    }
}
