package dev.parley.quota;

import dev.parley.domain.SubjectId;
import dev.parley.tenancy.Tenant;
import java.util.List;

/** Which limits apply. Pure. */
@FunctionalInterface
public interface LimitSource {
    /** All limits that the subject's work counts against; a key occurs once. */
    List<Limit> of(Tenant tenant, SubjectId subject);
}
