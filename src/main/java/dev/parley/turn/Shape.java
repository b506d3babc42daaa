package dev.parley.turn;

import dev.parley.domain.ModelName;
import dev.parley.domain.TenantId;

/**
 * What responses must have in common to run on one upstream session.
 *
 * @param settings raw JSON of the session's settings that no single response can have of its own
 */
record Shape(TenantId tenant, ModelName model, String settings) {}
