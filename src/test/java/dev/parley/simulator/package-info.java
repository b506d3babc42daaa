/** Tests of the simulator, over real sockets. */
@NullMarked
package dev.parley.simulator;

import org.jspecify.annotations.NullMarked;
