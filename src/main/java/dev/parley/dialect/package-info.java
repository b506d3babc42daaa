/** How clients speak that do not speak GA: beta clients, and clients that know a model by another name. Pure functions on events. */
@NullMarked
package dev.parley.dialect;

import org.jspecify.annotations.NullMarked;
