/**
 * What makes many processes one broker: the registry of nodes with heartbeat and epoch, the permits of sessions at once,
 * commands to nodes, and the news of changed tenants. Postgres is the only truth; nodes do not talk to each other.
 */
@NullMarked
package dev.parley.cluster;

import org.jspecify.annotations.NullMarked;
