// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static dev.strata.block.Errno.EBUSY;
import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.ENOENT;

import dev.strata.block.BlockException;
import dev.strata.block.option.OptionString;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.block.tls.TlsEndpoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The objects that a user defined, by id. Thread-safe. */
public final class ObjectRegistry implements AutoCloseable {
  private final Map<String, DefinedObject> objects = new LinkedHashMap<>(); // guarded by this
  private final List<ObjectType> more;

  /** A registry without objects. */
  public ObjectRegistry() {
    this(List.of());
  }

  /** A registry without objects that knows more types than all do. */
  public ObjectRegistry(List<ObjectType> more) {
    this.more = more;
  }

  private @Nullable ObjectType type(String name) {
    for (ObjectType each : more) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    return ObjectTypes.find(name);
  }

  /** All types, by name. */
  public List<ObjectType> types() {
    var all = new ArrayList<>(ObjectTypes.ALL);
    all.addAll(more);
    all.sort((a, b) -> a.name().compareTo(b.name()));
    return List.copyOf(all);
  }

  /**
   * Makes an object.
   *
   * @param properties its type ({@code qom-type}), its {@code id}, and what the type knows
   * @throws BlockException if the definition makes no sense or the id is taken; no object is made
   */
  public synchronized void define(ObjectProperties properties) throws BlockException {
    String name = properties.requiredString("qom-type");
    ObjectType type = type(name);
    if (type == null && !ObjectTypes.isKnown(name)) {
      throw new BlockException(EINVAL, "Parameter 'qom-type' does not accept value '" + name + "'");
    }
    String id = properties.requiredId();
    if (!OptionString.isIdentifier(id)) {
      throw new BlockException(EINVAL, "Parameter 'id' expects an identifier")
          .withHint(
              "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.");
    }
    if (type == null) {
      throw new BlockException(EINVAL, "invalid object type: " + name);
    }
    if (objects.containsKey(id)) {
      throw new BlockException(
          EINVAL, "attempt to add duplicate property '" + id + "' to object (type 'container')");
    }
    if (type.loads() && properties.has(DefinedObject.LOADED)) {
      throw DefinedObject.notWritable(type, DefinedObject.LOADED);
    }
    ObjectProperties given = properties.copy();
    NamedObject object = type.create(properties, this);
    objects.put(id, new DefinedObject(type, object, given.given(type.properties())));
  }

  /** All objects, by id, in the order in which they were made. */
  public synchronized Map<String, DefinedObject> all() {
    return new LinkedHashMap<>(objects);
  }

  /**
   * Forgets an object.
   *
   * @throws BlockException if there is none of that id, or somebody uses it
   */
  public synchronized void remove(String id) throws BlockException {
    NamedObject object = find(id);
    if (object == null) {
      throw new BlockException(ENOENT, "object '" + id + "' not found");
    }
    if (object.isUsed()) {
      throw new BlockException(EBUSY, "object '" + id + "' is in use, can not be deleted");
    }
    objects.remove(id);
    object.close();
  }

  /** The object of that id, or null. */
  public synchronized @Nullable NamedObject find(String id) {
    DefinedObject defined = objects.get(id);
    return defined == null ? null : defined.object();
  }

  /** The secret of that id. */
  public Secret secret(String id) throws BlockException {
    NamedObject object = find(id);
    if (object == null) {
      throw new BlockException(EINVAL, "No secret with id '" + id + "'");
    }
    if (object instanceof Secret secret) {
      return secret;
    }
    throw new BlockException(EINVAL, "Object with id '" + id + "' is not a secret");
  }

  /** The throttle group of that id. */
  public ThrottleGroup throttleGroup(String id) throws BlockException {
    if (find(id) instanceof NamedThrottleGroup named) {
      return named.group();
    }
    throw new BlockException(EINVAL, "Throttle group '" + id + "' does not exist");
  }

  /**
   * The credentials of TLS of that id.
   *
   * @param endpoint which they have to be for
   */
  public TlsCredentials credentials(String id, TlsEndpoint endpoint) throws BlockException {
    NamedObject object = find(id);
    if (object == null) {
      throw new BlockException(ENOENT, "No TLS credentials with id '" + id + "'");
    }
    if (!(object instanceof NamedCredentials(TlsCredentials credentials))) {
      throw new BlockException(EINVAL, "Object with id '" + id + "' is not TLS credentials");
    }
    if (credentials.endpoint() != endpoint) {
      throw new BlockException(
          EINVAL, "Expected TLS credentials for a " + endpoint.word() + " endpoint");
    }
    return credentials;
  }

  /** The authorization of that id. */
  public Authorization authorization(String id) throws BlockException {
    NamedObject object = find(id);
    if (object == null) {
      throw new BlockException(ENOENT, "No authorization with id '" + id + "'");
    }
    if (object instanceof Authorization authorization) {
      return authorization;
    }
    throw new BlockException(EINVAL, "Object with id '" + id + "' is not an authorization");
  }

  /**
   * Makes the object that a command line's {@code --object} describes, {@code TYPE,id=ID,…} or
   * JSON.
   *
   * @return null; or, if the argument asks for help, the lines of a listing, each ended by a
   *     newline
   */
  public @Nullable String define(String argument) throws BlockException {
    if (OptionString.asksForHelp(argument)) {
      int comma = argument.indexOf(',');
      return help(comma < 0 ? argument : argument.substring(0, comma));
    }
    define(ObjectProperties.parse(argument));
    return null;
  }

  /**
   * What can be defined: the lines of a help listing, each ended by a newline.
   *
   * @param type the type whose properties are listed; the types themselves if there is none of that
   *     name
   */
  private String help(String type) {
    ObjectType known = type(type);
    var lines = new StringBuilder();
    if (known == null) {
      lines.append("List of user creatable objects:\n");
      for (ObjectType each : types()) {
        lines.append("  ").append(each.name()).append('\n');
      }
    } else {
      lines.append(known.name()).append(" options:\n");
      for (ObjectType.Property each : known.properties()) {
        lines.append("  ").append(each.name()).append("=<").append(each.type()).append(">\n");
      }
    }
    return lines.toString();
  }

  /** Gives up all objects. */
  @Override
  public synchronized void close() {
    for (DefinedObject each : objects.values()) {
      each.object().close();
    }
    objects.clear();
  }
}
