// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import com.sun.jna.Callback;
import com.sun.jna.FunctionMapper;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The functions of libiscsi, version 7 of its binary interface, under their own names in Java's
 * spelling: {@code iscsiGetFd} is {@code iscsi_get_fd}. Pointers are addresses, so that a call
 * makes no objects.
 *
 * @see "libiscsi, iscsi/iscsi.h and iscsi/scsi-lowlevel.h"
 */
final class Libiscsi {
  /** {@code enum iscsi_session_type}. */
  static final int SESSION_NORMAL = 2;

  /** {@code enum scsi_xfer_dir}. */
  static final int TRANSFER_NONE = 0;

  static final int TRANSFER_READ = 1;
  static final int TRANSFER_WRITE = 2;

  private static final String NAME = "libiscsi.so.7";

  private Libiscsi() {}

  /** {@code iscsi_command_cb}. */
  interface CommandCallback extends Callback {
    /**
     * A command has ended.
     *
     * @param status {@link ScsiStatus}
     * @param task the command's task, or 0
     * @param slot what was given with the command
     */
    void invoke(long context, int status, long task, long slot);
  }

  /** Loads the library, if that has not been done. */
  static void load() throws BlockException {
    try {
      Loaded.check();
    } catch (LinkageError e) {
      throw new BlockException(
              Errno.ENOSYS,
              "iSCSI needs the library "
                  + NAME
                  + ", which Debian has in the package libiscsi7, and JNA to load it")
          .causedBy(e);
    }
  }

  /** The library is there, or this class cannot be initialized, again and again. */
  private static final class Loaded {
    private static final boolean DONE = register();

    private static boolean register() {
      Map<String, Object> options = new HashMap<>();
      options.put(Library.OPTION_STRING_ENCODING, "UTF-8");
      options.put(
          Library.OPTION_FUNCTION_MAPPER,
          (FunctionMapper) (library, method) -> inC(method.getName()));
      Native.register(Libiscsi.class, NativeLibrary.getInstance(NAME, options));
      return true;
    }

    static void check() {
      if (!DONE) {
        throw new UnsatisfiedLinkError(NAME);
      }
    }
  }

  private static String inC(String name) {
    var words = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char letter = name.charAt(i);
      if (Character.isUpperCase(letter)) {
        words.append('_');
      }
      words.append(letter);
    }
    return words.toString().toLowerCase(Locale.ROOT);
  }

  /**
   * What C calls that callback, which has to be kept as long as C may do so. Only a callback that
   * is the parameter of a function gets here without reflection, and calling the function with the
   * callback each time costs a search; so one function takes it once and tells where it is.
   */
  static long addressOf(CommandCallback callback) {
    long task = scsiCreateTask(0, 0, TRANSFER_NONE, 0);
    if (task == 0) {
      throw new OutOfMemoryError("scsi_create_task");
    }
    try {
      scsiSetTaskPrivatePtr(task, callback);
      return scsiGetTaskPrivatePtr(task);
    } finally {
      scsiFreeScsiTask(task);
    }
  }

  private static native void scsiSetTaskPrivatePtr(long task, CommandCallback callback);

  private static native long scsiGetTaskPrivatePtr(long task);

  // The session

  static native long iscsiCreateContext(String initiatorName);

  static native int iscsiDestroyContext(long context);

  static native int iscsiInitTransport(long context, int transport);

  static native int iscsiSetTargetname(long context, String name);

  static native int iscsiSetInitiatorUsernamePwd(long context, String user, String password);

  static native int iscsiSetSessionType(long context, int type);

  static native int iscsiSetHeaderDigest(long context, int digest);

  static native int iscsiSetTimeout(long context, int seconds);

  static native void iscsiSetNoautoreconnect(long context, int off);

  static native int iscsiFullConnectSync(long context, String portal, int lun);

  static native int iscsiIsLoggedIn(long context);

  static native int iscsiLogoutSync(long context);

  static native int iscsiReconnect(long context);

  static native @Nullable String iscsiGetError(long context);

  // What the loop does

  static native int iscsiGetFd(long context);

  static native int iscsiWhichEvents(long context);

  static native int iscsiService(long context, int events);

  static native int iscsiNopOutAsync(
      long context, long callback, long data, int length, long privateData);

  static native int iscsiGetNopsInFlight(long context);

  static native void iscsiScsiCancelAllTasks(long context);

  // Commands

  /** A task that its creator frees; 0 if there is no memory. */
  static native long scsiCreateTask(int blockSize, long block, int direction, int expectedLength);

  static native void scsiFreeScsiTask(long task);

  static native void scsiTaskSetIovIn(long task, long vector, int count);

  static native void scsiTaskSetIovOut(long task, long vector, int count);

  /** Queues the task; 0 if its callback will be called. */
  static native int iscsiScsiCommandAsync(
      long context, int lun, long task, long callback, long data, long privateData);

  static native @Nullable String scsiSenseKeyStr(int key);

  static native @Nullable String scsiSenseAscqStr(int code);
}
