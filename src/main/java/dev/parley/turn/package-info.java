/**
 * Pool mode {@code turn}: a session holds no upstream between responses. The broker keeps the conversation and answers the
 * session protocol itself; each response runs out of band on an upstream session that its tenant's sessions share.
 */
@NullMarked
package dev.parley.turn;

import org.jspecify.annotations.NullMarked;
