package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
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
            "Changes act on running brokers within some seconds."
        },
        subcommands = {
            TenantCommand.Create.class,
            TenantListCommand.class,
            TenantCommand.Show.class,
            TenantCommand.Set_.class,
            TenantCommand.Suspend.class,
            TenantCommand.Resume.class,
            IssuerCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  parley tenant create acme --budget 250 --period month --sessions-max 50",
            "  parley tenant list",
            "  parley tenant set acme --budget 500 --model gpt-realtime-2.1 --model whisper-1",
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
        private static final NanoUsd BUDGET = NanoUsd.ofUsd("10");

        @Mixin
        private TenantLimits limits = new TenantLimits();

        @Override
        void run(Database database, BrokerConfig settings) throws Exception {
            refuse(limits.problem());
            Tenant blank = new Tenant(
                    tenant(),
                    tenant().value(),
                    TenantStatus.ACTIVE,
                    Set.of(),
                    10,
                    BUDGET,
                    BudgetPeriod.MONTH,
                    4_096,
                    Duration.ofHours(1),
                    false,
                    Instant.EPOCH);
            JdbcTenants tenants = new JdbcTenants(database);
            Tenant wanted = limits.applyTo(blank, TenantStatus.ACTIVE, Instant.EPOCH);
            if (!withKnownModels(() -> tenants.create(wanted))) {
                throw new CommandFailure("there is a tenant '" + tenant() + "' already");
            }
            show(tenants);
        }
    }

    /** {@code tenant show}. */
    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one tenant.")
    static final class Show extends OnOneTenant {
        @Override
        void run(Database database, BrokerConfig settings) throws Exception {
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
        private TenantLimits limits = new TenantLimits();

        @Option(names = "--all-models", description = "Allow every model of the catalogue.")
        private boolean allModels;

        @Option(
                names = "--revoke-tokens",
                description = "Revoke every token that was issued until now; live sessions are closed within a minute.")
        private boolean revokeTokens;

        @Override
        void run(Database database, BrokerConfig settings) throws Exception {
            refuse(limits.problem());
            Instant now = Instant.now();
            JdbcTenants tenants = new JdbcTenants(database);
            boolean changed = withKnownModels(() -> tenants.change(tenant(), old -> {
                        Tenant changing = allModels ? withAllModels(old) : old;
                        return limits.applyTo(changing, old.status(), revokeTokens ? now : old.tokensValidFrom());
                    })
                    .isPresent());
            if (!changed) {
                throw TenantFailures.unknown(tenant());
            }
            show(tenants);
        }

        private static Tenant withAllModels(Tenant tenant) {
            return new Tenant(
                    tenant.id(),
                    tenant.name(),
                    tenant.status(),
                    Set.of(),
                    tenant.sessionsMax(),
                    tenant.budget(),
                    tenant.budgetPeriod(),
                    tenant.outputTokensMax(),
                    tenant.sessionLengthMax(),
                    tenant.closeOnExhausted(),
                    tenant.tokensValidFrom());
        }
    }

    /** {@code tenant suspend}. */
    @Command(
            name = "suspend",
            mixinStandardHelpOptions = true,
            description = "Refuses new sessions of a tenant, and closes its live ones (4403) within a minute.")
    static final class Suspend extends OnOneTenant {
        @Override
        void run(Database database, BrokerConfig settings) throws Exception {
            JdbcTenants tenants = new JdbcTenants(database);
            tenants.suspend(tenant());
            show(tenants);
        }
    }

    /** {@code tenant resume}. */
    @Command(name = "resume", mixinStandardHelpOptions = true, description = "Lets a suspended tenant in again.")
    static final class Resume extends OnOneTenant {
        @Override
        void run(Database database, BrokerConfig settings) throws Exception {
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

        final void refuse(@org.jspecify.annotations.Nullable String problem) {
            if (problem != null) {
                throw new ParameterException(spec().commandLine(), problem);
            }
        }

        final void show(JdbcTenants tenants) throws CommandFailure {
            Tenant found = tenants.find(tenant).orElseThrow(() -> TenantFailures.unknown(tenant));
            out().println(json ? TenantView.json(found).encodePrettily() : TenantView.text(found));
        }

        static <T> T withKnownModels(java.util.function.Supplier<T> work) throws CommandFailure {
            try {
                return work.get();
            } catch (JdbcTenants.UnknownModelException e) {
                throw new CommandFailure(String.valueOf(e.getMessage()));
            }
        }
    }
}
