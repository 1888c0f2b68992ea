// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.ThreadEnd;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A login to a target: as many commands in flight as the target takes, each with a caller that
 * waits for it.
 *
 * <p>A connection that is lost is made again, as often as it takes, and what was in flight is sent
 * once more: that is the library's doing, which the loop drives. So commands wait while a target is
 * away.
 */
final class Session implements AutoCloseable {
  /** After the 12th answer that it is busy, some 12 seconds later, a target is believed. */
  private static final int MAX_BUSY = 12;

  private static final long FIRST_PAUSE_MILLIS = 8;
  private static final long LONGEST_PAUSE_MILLIS = 2048;

  /** Each tells of one event; a target that has more to tell is not going to answer. */
  private static final int MAX_ATTENTIONS = 16;

  /** The library counts seconds, and only while it is called. */
  private static final int TICK_MILLIS = 1000;

  /** What the library wants one to wait before it is asked for events again. */
  private static final int NO_EVENTS_MILLIS = 100;

  private static final long PING_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final int MAX_UNANSWERED_PINGS = 3;
  private static final int GOODBYE_SECONDS = 2;
  private static final int NOT_POLLING = -1;

  /** A target that takes a login again and again, but never answers a command, never will. */
  private static final int MAX_FRUITLESS_LOGINS = 4;

  private final Arena memory = Arena.ofShared();
  private final ReentrantLock lock = new ReentrantLock(); // held around every call of the library
  private final int lun;
  private final long context;

  // The library has only its address, so it has to be kept here.
  private final Libiscsi.CommandCallback completion = this::completed;
  private final long completionAddress = Libiscsi.addressOf(completion);

  private final Wakeup wakeup;
  private final Thread loop = Thread.ofPlatform().name("iscsi").daemon().unstarted(this::run);

  private ScsiCommand[] commands = new ScsiCommand[0]; // by slot; guarded by lock
  private int[] idle = new int[0]; // slots that nobody uses, the first idleCount; guarded by lock
  private int idleCount; // guarded by lock
  private int polled = NOT_POLLING; // for which events the loop waits; guarded by lock
  private boolean closing; // guarded by lock
  private boolean givenUp; // guarded by lock
  private boolean loggedIn = true; // when the loop looked last; guarded by lock
  private int fruitlessLogins; // guarded by lock
  private long lastPing; // of the loop only

  private Session(long context, int lun) throws BlockException {
    this.context = context;
    this.lun = lun;
    this.wakeup = new Wakeup(memory);
  }

  /**
   * Connects, logs in, and sees that the unit is there.
   *
   * @throws BlockException in the library's words
   */
  static Session open(IscsiSettings settings) throws BlockException {
    Libiscsi.load();
    long context = Libiscsi.iscsiCreateContext(settings.initiatorName());
    if (context == 0) {
      throw new BlockException(Errno.ENOMEM, "iSCSI: Failed to create iSCSI context.");
    }
    boolean opened = false;
    try {
      connect(context, settings);
      var session = new Session(context, settings.lun());
      session.loop.start();
      opened = true;
      return session;
    } finally {
      if (!opened) {
        Libiscsi.iscsiDestroyContext(context);
      }
    }
  }

  private static void connect(long context, IscsiSettings settings) throws BlockException {
    if (Libiscsi.iscsiInitTransport(context, settings.transport()) != 0) {
      // TCP is always there; iSER is left out where the library was built without RDMA.
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Error initializing transport: this libiscsi has no iSER: " + error(context));
    }
    check(
        Libiscsi.iscsiSetTargetname(context, settings.target()),
        "iSCSI: Failed to set target name.");
    IscsiSettings.Chap chap = settings.chap();
    if (chap != null) {
      check(
          Libiscsi.iscsiSetInitiatorUsernamePwd(context, chap.user(), chap.password()),
          "Failed to set initiator username and password");
    }
    check(
        Libiscsi.iscsiSetSessionType(context, Libiscsi.SESSION_NORMAL),
        "iSCSI: Failed to set session type to normal.");
    check(
        Libiscsi.iscsiSetHeaderDigest(context, settings.headerDigest()),
        "iSCSI: Failed to set the header digest.");
    Libiscsi.iscsiSetTimeout(context, settings.timeoutSeconds());
    if (Libiscsi.iscsiFullConnectSync(context, settings.portal(), settings.lun()) != 0) {
      throw new BlockException(Errno.EINVAL, "iSCSI: Failed to connect to LUN : " + error(context));
    }
  }

  private static void check(int result, String message) throws BlockException {
    if (result != 0) {
      throw new BlockException(Errno.EINVAL, message);
    }
  }

  /** The library's last words, on one line. */
  private static String error(long context) {
    String words = Libiscsi.iscsiGetError(context);
    return words == null ? "" : words.strip().replace('\n', ' ');
  }

  /** A command that nobody uses; goes back with {@link #release}. */
  ScsiCommand acquire() {
    lock.lock();
    try {
      if (idleCount > 0) {
        return commands[idle[--idleCount]];
      }
      int slot = commands.length;
      commands = Arrays.copyOf(commands, slot + 1);
      commands[slot] = new ScsiCommand(slot, memory);
      idle = Arrays.copyOf(idle, slot + 1);
      return commands[slot];
    } finally {
      lock.unlock();
    }
  }

  void release(ScsiCommand command) {
    lock.lock();
    try {
      idle[idleCount++] = command.slot;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Carries a command out, again and again while the target says that it is too busy, or has
   * something else to tell first. The command says how that went.
   *
   * @throws BlockException if the command could not even be sent
   */
  void execute(ScsiCommand command) throws BlockException {
    int attentions = 0;
    int busy = 0;
    while (true) {
      send(command);
      command.await();
      if (command.isUnitAttention() && attentions < MAX_ATTENTIONS) {
        attentions++;
      } else if (ScsiStatus.isTransient(command.status()) && busy < MAX_BUSY) {
        pause(Math.min(FIRST_PAUSE_MILLIS << busy, LONGEST_PAUSE_MILLIS));
        busy++;
      } else {
        return;
      }
    }
  }

  private static void pause(long millis) {
    boolean interrupted = false;
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
      try {
        TimeUnit.NANOSECONDS.sleep(left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void send(ScsiCommand command) throws BlockException {
    lock.lock();
    try {
      if (givenUp) {
        throw BlockException.of(Errno.EIO);
      }
      long task = command.createTask();
      if (task == 0) {
        throw BlockException.of(Errno.ENOMEM);
      }
      int result =
          Libiscsi.iscsiScsiCommandAsync(context, lun, task, completionAddress, 0, command.slot);
      if (result != 0) {
        Libiscsi.scsiFreeScsiTask(task);
        throw new BlockException(Errno.EIO, "iSCSI: " + error(context));
      }
      if (polled == Wakeup.POLLIN) {
        // Nothing waits to be sent, so this goes at once, without waking the loop up.
        Libiscsi.iscsiService(context, Wakeup.POLLOUT);
      }
      if (polled != NOT_POLLING && Libiscsi.iscsiWhichEvents(context) != polled) {
        wakeup.wake();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Called by the library, so by a thread that holds the lock. */
  private void completed(long ignored, int status, long task, long slot) {
    if (status < ScsiStatus.CANCELLED) {
      fruitlessLogins = 0;
    }
    commands[(int) slot].finish(status);
  }

  // The loop

  private void run() {
    int happened = 0;
    while (true) {
      int socket;
      int events;
      int timeout;
      lock.lock();
      try {
        if (closing) {
          return;
        }
        boolean works = Libiscsi.iscsiService(context, happened) == 0;
        if (isHopeless()) {
          givenUp = true;
          Libiscsi.iscsiSetNoautoreconnect(context, 1);
          Libiscsi.iscsiScsiCancelAllTasks(context);
          return;
        }
        ping();
        socket = Libiscsi.iscsiGetFd(context);
        events = works && socket >= 0 ? Libiscsi.iscsiWhichEvents(context) : 0;
        timeout = events == 0 ? NO_EVENTS_MILLIS : TICK_MILLIS;
        polled = events;
      } finally {
        lock.unlock();
      }
      happened = wakeup.await(socket, events, timeout);
      lock.lock();
      try {
        polled = NOT_POLLING;
      } finally {
        lock.unlock();
      }
    }
  }

  /** Counts logins; when there is one, all that is in flight has been queued to be sent again. */
  private boolean isHopeless() {
    boolean before = loggedIn;
    loggedIn = Libiscsi.iscsiIsLoggedIn(context) != 0;
    return loggedIn && !before && ++fruitlessLogins > MAX_FRUITLESS_LOGINS;
  }

  /** A target that has gone without a word answers to nothing; TCP alone finds out hours later. */
  private void ping() {
    long now = System.nanoTime();
    if (now - lastPing < PING_NANOS || Libiscsi.iscsiIsLoggedIn(context) == 0) {
      return;
    }
    lastPing = now;
    if (Libiscsi.iscsiGetNopsInFlight(context) > MAX_UNANSWERED_PINGS) {
      Libiscsi.iscsiReconnect(context);
    } else {
      Libiscsi.iscsiNopOutAsync(context, 0, 0, 0, 0);
    }
  }

  /** Logs out; nothing is in flight. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      wakeup.wake();
    } finally {
      lock.unlock();
    }
    ThreadEnd.await(loop);
    Libiscsi.iscsiSetNoautoreconnect(context, 1);
    if (!givenUp && Libiscsi.iscsiIsLoggedIn(context) != 0) {
      Libiscsi.iscsiSetTimeout(context, GOODBYE_SECONDS);
      Libiscsi.iscsiLogoutSync(context);
    }
    Libiscsi.iscsiDestroyContext(context);
    wakeup.close();
    memory.close();
  }
}
