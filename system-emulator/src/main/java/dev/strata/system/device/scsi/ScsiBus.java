// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.system.state.StateFields;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A host adapter's targets and the units behind them, on one channel. Units come and go at any
 * time. Thread-safe.
 */
public final class ScsiBus {
  /** Any target, or unit. */
  public static final int ANY = -1;

  /** The last target. */
  public static final int LAST_TARGET = 255;

  /** The last unit of a target. */
  public static final int LAST_UNIT = 16383;

  private static final int UNIT_BITS = 14;
  private static final int NOT_CONNECTED = 0x7f; // a peripheral of no kind
  private static final int VITAL = 1;
  private static final int WELL_KNOWN_ONLY = 1; // select reports of REPORT LUNS
  private static final int LEAST_LIST = 16;

  /** Who hears that units come and go; called without locks of the bus. */
  public interface Listener extends LogicalUnit.Listener {
    /** A unit is there now. */
    void arrived(int target, int unit);

    /** A unit is there no more. */
    void left(int target, int unit);
  }

  /** Units by their places, ascending: replaced as a whole. */
  private record Units(int[] places, LogicalUnit[] units) {
    @Nullable LogicalUnit at(int place) {
      int index = Arrays.binarySearch(places, place);
      return index < 0 ? null : units[index];
    }

    Units with(int place, LogicalUnit unit) {
      int at = -1 - Arrays.binarySearch(places, place);
      int[] more = Arrays.copyOf(places, places.length + 1);
      LogicalUnit[] all = Arrays.copyOf(units, units.length + 1);
      System.arraycopy(places, at, more, at + 1, places.length - at);
      System.arraycopy(units, at, all, at + 1, units.length - at);
      more[at] = place;
      all[at] = unit;
      return new Units(more, all);
    }

    Units without(int at) {
      int[] fewer = new int[places.length - 1];
      var rest = new LogicalUnit[units.length - 1];
      System.arraycopy(places, 0, fewer, 0, at);
      System.arraycopy(places, at + 1, fewer, at, fewer.length - at);
      System.arraycopy(units, 0, rest, 0, at);
      System.arraycopy(units, at + 1, rest, at, rest.length - at);
      return new Units(fewer, rest);
    }
  }

  private final Listener listener;
  private volatile Units units = new Units(new int[0], new LogicalUnit[0]);

  /** An empty bus. */
  public ScsiBus(Listener listener) {
    this.listener = listener;
  }

  private static int place(int target, int unit) {
    return target << UNIT_BITS | unit;
  }

  private static BlockException refusal(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /**
   * Finds a place.
   *
   * @param target or {@link #ANY}
   * @param unit or {@link #ANY}
   * @return target and unit
   */
  public int[] free(int channel, int target, int unit) throws BlockException {
    if (channel != 0) {
      throw refusal("bad scsi channel id: " + channel);
    }
    if (target != ANY && (target < 0 || target > LAST_TARGET)) {
      throw refusal("bad scsi device id: " + target);
    }
    if (unit != ANY && (unit < 0 || unit > LAST_UNIT)) {
      throw refusal("bad scsi device lun: " + unit);
    }
    Units now = units;
    if (target == ANY) {
      int wanted = Math.max(unit, 0);
      for (int id = 0; id <= LAST_TARGET; id++) {
        if (now.at(place(id, wanted)) == null) {
          return new int[] {id, wanted};
        }
      }
      throw refusal("no free target");
    }
    if (unit == ANY) {
      for (int number = 0; number <= LAST_UNIT; number++) {
        if (now.at(place(target, number)) == null) {
          return new int[] {target, number};
        }
      }
      throw refusal("no free lun");
    }
    return new int[] {target, unit};
  }

  /** The unit at a place, or null. */
  public @Nullable LogicalUnit at(int target, int unit) {
    return units.at(place(target, unit));
  }

  /** Puts a unit at a place that is free. */
  public void add(int target, int number, LogicalUnit unit) {
    synchronized (this) {
      units = units.with(place(target, number), unit);
    }
    unit.listener(listener);
    listener.arrived(target, number);
  }

  /** Takes a unit away, when its commands are done. */
  public void remove(LogicalUnit unit) {
    int place;
    synchronized (this) {
      int at = List.of(units.units()).indexOf(unit);
      if (at < 0) {
        return;
      }
      place = units.places()[at];
      units = units.without(at);
    }
    unit.listener(LogicalUnit.Listener.NOBODY);
    unit.drive().abandonAll(true);
    unit.settle();
    listener.left(place >> UNIT_BITS, place & LAST_UNIT);
  }

  /** All units. */
  public List<LogicalUnit> all() {
    return List.of(units.units());
  }

  /** Where a unit is: its target's number and its own; null if it is not on the bus. */
  public int @Nullable [] placeOf(LogicalUnit unit) {
    Units now = units;
    int at = List.of(now.units()).indexOf(unit);
    return at < 0 ? null : new int[] {now.places()[at] >> UNIT_BITS, now.places()[at] & LAST_UNIT};
  }

  /** Whether there is any unit of a target. */
  public boolean hasTarget(int target) {
    Units now = units;
    int at = Arrays.binarySearch(now.places(), place(target, 0));
    int from = at < 0 ? -1 - at : at;
    return from < now.places().length && now.places()[from] >> UNIT_BITS == target;
  }

  /** Resets all units of a target. */
  public void reset(int target) {
    Units now = units;
    for (int index = 0; index < now.places().length; index++) {
      if (now.places()[index] >> UNIT_BITS == target) {
        now.units()[index].reset();
      }
    }
  }

  /**
   * Carries a command out.
   *
   * @return false if there is no such target
   */
  public boolean run(ScsiRequest request, int target, int number) {
    LogicalUnit unit = at(target, number);
    if (unit == null && !hasTarget(target)) {
      return false;
    }
    if (request.command().operation() == Operation.REPORT_LUNS) {
      list(request, target);
    } else if (unit != null) {
      unit.run(request);
    } else {
      withoutUnit(request);
    }
    return true;
  }

  /** The units of a target, of which the first is listed even if it is not there. */
  private void list(ScsiRequest request, int target) {
    CommandBlock command = request.command();
    long allocation = command.u32(6);
    int which = command.u8(2);
    if (allocation < LEAST_LIST || which > 2) {
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    Units now = units;
    var all = new byte[8 * (now.places().length + 2)];
    int at = 8;
    if (which != WELL_KNOWN_ONLY) {
      at += 8;
      for (int place : now.places()) {
        int number = place & LAST_UNIT;
        if (place >> UNIT_BITS == target && number != 0) {
          all[at] = (byte) (number < 256 ? 0 : 0x40 | number >> 8);
          all[at + 1] = (byte) number;
          at += 8;
        }
      }
    }
    BigEndian.put32(all, 0, at - 8);
    request.reply(Arrays.copyOf(all, at), allocation);
  }

  private static void withoutUnit(ScsiRequest request) {
    CommandBlock command = request.command();
    switch (command.operation()) {
      case Operation.REQUEST_SENSE ->
          request.reply(Sense.bytes(Sense.NO_SUCH_UNIT, command.has(1, 1)), command.u8(4));
      case Operation.INQUIRY -> {
        boolean vital = command.has(1, VITAL);
        if (command.u8(2) != 0) {
          request.fail(Sense.INVALID_FIELD);
          return;
        }
        // Of product data there is the list of its pages, which has itself.
        byte[] answer = vital ? new byte[] {0, 0, 0, 1, 0} : new byte[36];
        if (!vital) {
          answer[0] = NOT_CONNECTED;
        }
        request.reply(answer, command.u16(3));
      }
      default -> request.fail(Sense.NO_SUCH_UNIT);
    }
  }

  /** The units, when no command is carried out. */
  public void state(StateFields state) throws BlockException {
    Units now = units;
    state.same("units", now.units().length);
    for (int index = 0; index < now.units().length; index++) {
      state.same("place", now.places()[index]);
      now.units()[index].state(state);
    }
  }
}
