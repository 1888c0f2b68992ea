// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonValue;
import dev.strata.block.object.NamedObject;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.object.ObjectType;
import dev.strata.block.object.ObjectType.Property;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * {@code iothread}: a name for threads that serve exports. The requests of an export run on threads
 * of their connections anyway, never on the monitor's: who asks for such a thread has one. These
 * threads do not poll and share one pool, so the properties keep their initial values; only polling
 * can be said to be off, as it is.
 *
 * @see "QEMU's QAPI schema, IothreadProperties"
 */
public final class IoThread implements NamedObject {
  private static final String LEAST = "thread-pool-min";
  private static final String MOST = "thread-pool-max";
  private static final String POLLING = "poll-max-ns";
  private static final List<Property> PROPERTIES =
      List.of(
          Property.number("aio-max-batch", 0),
          Property.number("poll-grow", 0),
          Property.number(POLLING, 32768),
          Property.number("poll-shrink", 0),
          Property.number(MOST, 64),
          Property.number(LEAST, 0));

  /** The type. */
  static final class Type implements ObjectType {
    @Override
    public String name() {
      return "iothread";
    }

    @Override
    public List<Property> properties() {
      return PROPERTIES;
    }

    @Override
    public IoThread create(ObjectProperties properties, ObjectRegistry others)
        throws BlockException {
      var numbers = new LinkedHashMap<String, Long>();
      for (Property each : PROPERTIES) {
        Long given = properties.integer(each.name());
        numbers.put(
            each.name(), given == null ? initial(each.name()) : checked(each.name(), given));
      }
      properties.rejectUnknown();
      check(numbers);
      return new IoThread(numbers);
    }
  }

  private final Map<String, Long> numbers; // guarded by this
  private final AtomicInteger users = new AtomicInteger();

  private IoThread(Map<String, Long> numbers) {
    this.numbers = numbers;
  }

  private static long checked(String name, long value) throws BlockException {
    if (value < 0) {
      throw new BlockException(
          Errno.EINVAL, name + " value must be in range [0, " + Long.MAX_VALUE + "]");
    }
    return value;
  }

  private static long initial(String name) {
    for (Property each : PROPERTIES) {
      if (each.name().equals(name) && each.initial() instanceof JsonNumber number) {
        return number.bits();
      }
    }
    throw new IllegalArgumentException(name);
  }

  /** In the reference's words what it refuses too, in ours what nothing here would heed. */
  private static void check(Map<String, Long> numbers) throws BlockException {
    long least = numbers.getOrDefault(LEAST, 0L);
    long most = numbers.getOrDefault(MOST, 0L);
    if (most == 0 || least > most || most > Integer.MAX_VALUE) {
      throw new BlockException(Errno.EINVAL, "bad thread-pool-min/thread-pool-max values");
    }
    for (var each : numbers.entrySet()) {
      String name = each.getKey();
      long value = each.getValue();
      if (value != initial(name) && !(name.equals(POLLING) && value == 0)) {
        throw new BlockException(
            Errno.EOPNOTSUPP, "iothread: " + name + "=" + value + " is not supported");
      }
    }
  }

  /** Keeps it from being given up. */
  public void use() {
    users.incrementAndGet();
  }

  /** Undoes {@link #use}. */
  public void leave() {
    users.decrementAndGet();
  }

  @Override
  public boolean isUsed() {
    return users.get() > 0;
  }

  @Override
  public synchronized @Nullable JsonValue property(String name) {
    Long value = numbers.get(name);
    return value == null ? null : JsonNumber.of(value);
  }

  @Override
  public synchronized void change(String name, ObjectProperties value) throws BlockException {
    Long given = value.integer(name);
    var changed = new LinkedHashMap<>(numbers);
    changed.put(name, checked(name, given == null ? 0 : given));
    check(changed);
    numbers.putAll(changed);
  }
}
