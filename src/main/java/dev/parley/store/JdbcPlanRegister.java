package dev.parley.store;

import dev.parley.administration.PlanRegister;
import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;
import java.util.Optional;
import java.util.function.Supplier;

/** Plans in Postgres, for who changes them on sight. Blocks. Thread-safe. */
public final class JdbcPlanRegister implements PlanRegister {
    private final Database database;
    private final JdbcPlans plans;

    public JdbcPlanRegister(Database database) {
        this.database = database;
        this.plans = new JdbcPlans(database);
    }

    @Override
    public boolean create(Plan plan) {
        try {
            return plans.create(plan);
        } catch (UnknownModelException unknown) {
            throw new IllegalArgumentException(unknown.getMessage(), unknown);
        }
    }

    @Override
    public Outcome change(Plan plan, long generation) {
        return ifUnchanged(plan.id(), generation, () -> {
            try {
                plans.change(plan.id(), _ -> plan);
            } catch (UnknownModelException unknown) {
                throw new IllegalArgumentException(unknown.getMessage(), unknown);
            }
            return Outcome.DONE;
        });
    }

    @Override
    public Outcome delete(PlanId id, long generation) {
        return ifUnchanged(id, generation, () -> switch (plans.delete(id)) {
            case DELETED -> Outcome.DONE;
            case IN_USE -> Outcome.IN_USE;
            case UNKNOWN -> Outcome.UNKNOWN;
        });
    }

    /** Works on a plan whose row nobody else can change meanwhile. */
    private Outcome ifUnchanged(PlanId id, long generation, Supplier<Outcome> work) {
        return database.inTransaction("change plan '" + id + "'", connection -> {
            JdbcPlans.takePlans(connection);
            Optional<Long> now = Sql.generation(connection, "plan", "id", id.value());
            if (now.isEmpty()) {
                return Outcome.UNKNOWN;
            }
            return now.get() == generation ? work.get() : Outcome.OUTDATED;
        });
    }
}
