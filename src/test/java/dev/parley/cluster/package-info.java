/** Tests of the nodes on one database. */
@NullMarked
package dev.parley.cluster;

import org.jspecify.annotations.NullMarked;
