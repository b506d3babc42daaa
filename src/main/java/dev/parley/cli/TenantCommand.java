package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley tenant …}: the tenants, from the shell. */
@Command(
        name = "tenant",
        mixinStandardHelpOptions = true,
        description = {
            "Makes, shows and changes tenants and their token issuers.",
            "Changes act on running brokers, also on live sessions, within a second."
        },
        subcommands = {
            TenantCommand.Create.class,
            TenantListCommand.class,
            TenantCommand.Show.class,
            TenantCommand.Set_.class,
            TenantCommand.Suspend.class,
            TenantCommand.Resume.class,
            IssuerCommand.class,
            TenantOriginsCommand.class,
            TenantAddressesCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  parley tenant create acme --budget 250 --period month --sessions-max 50",
            "  parley tenant list",
            "  parley tenant set acme --budget 500 --model gpt-realtime-2.1 --model whisper-1",
            "  parley tenant set acme --plan pro --limit responses_per_minute=60 --limit sessions_max=default",
            "  parley tenant suspend acme"
        })
final class TenantCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley tenant --help'.");
    }

    /** {@code tenant create}. */
    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Makes a tenant.",
            footer = {
                "",
                "Examples:",
                "  parley tenant create acme",
                "  parley tenant create acme --name 'Acme Inc.' --budget 250 --period month --sessions-max 50"
            })
    static final class Create extends OnOneTenant {
        @Mixin
        private SettingOptions settings = new SettingOptions();

        @Option(names = "--plan", paramLabel = "PLAN", description = "The plan. Default: standard.")
        private PlanId plan = PlanId.STANDARD;

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            refuse(settings.problem());
            JdbcTenants tenants = new JdbcTenants(database);
            String name = settings.name();
            Tenant wanted = Tenant.of(tenant(), name == null ? tenant().value() : name, settings.applyTo(Settings.NONE))
                    .withPlan(plan);
            if (!checked(() -> tenants.create(wanted))) {
                throw new CommandFailure("there is a tenant '" + tenant() + "' already");
            }
            show(tenants);
        }
    }

    /** {@code tenant show}. */
    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one tenant.")
    static final class Show extends OnOneTenant {
        @Override
        @Nullable
        Change change(Database database) {
            return null;
        }

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            show(new JdbcTenants(database));
        }
    }

    /** {@code tenant set}. */
    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description = "Changes a tenant's limits; what is not named stays as it is.",
            footer = {"", "Example:", "  parley tenant set acme --budget 500 --sessions-max 100"})
    static final class Set_ extends OnOneTenant {
        @Mixin
        private SettingOptions settings = new SettingOptions();

        @Option(names = "--plan", paramLabel = "PLAN", description = "Move the tenant to another plan.")
        private @Nullable PlanId plan;

        @Option(
                names = "--revoke-tokens",
                description = "Revoke every token that was issued until now; live sessions are closed within a minute.")
        private boolean revokeTokens;

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            refuse(settings.problem());
            Instant now = Instant.now();
            JdbcTenants tenants = new JdbcTenants(database);
            if (!checked(
                    () -> tenants.change(tenant(), old -> changed(old, now)).isPresent())) {
                throw TenantFailures.unknown(tenant());
            }
            show(tenants);
        }

        private Tenant changed(Tenant old, Instant now) {
            Tenant changed = old.withOwn(settings.applyTo(old.own()));
            changed = plan == null ? changed : changed.withPlan(plan);
            changed = settings.name() == null ? changed : changed.withName(settings.name());
            return revokeTokens ? changed.withTokensValidFrom(now) : changed;
        }
    }

    /** {@code tenant suspend}. */
    @Command(
            name = "suspend",
            mixinStandardHelpOptions = true,
            description = "Refuses new sessions of a tenant, and closes its live ones (4403) within a minute.")
    static final class Suspend extends OnOneTenant {
        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            JdbcTenants tenants = new JdbcTenants(database);
            tenants.suspend(tenant());
            show(tenants);
        }
    }

    /** {@code tenant resume}. */
    @Command(name = "resume", mixinStandardHelpOptions = true, description = "Lets a suspended tenant in again.")
    static final class Resume extends OnOneTenant {
        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            JdbcTenants tenants = new JdbcTenants(database);
            tenants.resume(tenant());
            show(tenants);
        }
    }

    /** A command on the tenant that it names. */
    abstract static class OnOneTenant extends DatabaseCommand {
        @Parameters(paramLabel = "NAME", description = "The tenant: a-z, 0-9 and '-', up to 63 characters.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private TenantId tenant;

        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        final TenantId tenant() {
            return tenant;
        }

        @Override
        @Nullable
        Change change(Database database) {
            JdbcTenants tenants = new JdbcTenants(database);
            return new Change(
                    "tenant." + spec().name(),
                    "tenant/" + tenant,
                    () -> tenants.find(tenant).map(TenantView::json).orElse(null));
        }

        final void show(JdbcTenants tenants) throws CommandFailure {
            Tenant found = tenants.find(tenant).orElseThrow(() -> TenantFailures.unknown(tenant));
            out().println(json ? TenantView.json(found).encodePrettily() : TenantView.text(found));
        }
    }
}
