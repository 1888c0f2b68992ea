// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.qmp.QmpException;
import dev.strata.system.device.input.Key;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.display.PictureFile;
import dev.strata.system.display.PictureFormat;
import dev.strata.system.hmp.MonitorSubject;
import java.util.ArrayList;

/**
 * Commands about what is on a machine's board: its screen, keyboard, balloon and buttons.
 *
 * @see "QEMU qapi/ui.json, machine.json"
 */
final class BoardCommands {
  private static final int HOLD_MILLIS = 100;
  private static final int MOST_HOLD_MILLIS = 999_999; // as the human monitor has it
  private static final int MOST_KEYS = 16;

  private final MonitorSubject board;

  private BoardCommands(MonitorSubject board) {
    this.board = board;
  }

  static void contribute(Monitor monitor, MonitorSubject board) {
    var own = new BoardCommands(board);
    var commands = monitor.commands();
    commands.add("screendump", own::screenDump);
    commands.add("send-key", own::sendKey);
    commands.add("balloon", own::balloon);
    commands.add("query-balloon", arguments -> own.queryBalloon());
    commands.add("inject-nmi", arguments -> own.injectNmi());
  }

  private JsonObject screenDump(JsonObject arguments) throws BlockException, QmpException {
    String device = arguments.string("device");
    if (device != null) {
      // Displays have no identities here.
      throw new QmpException("DeviceNotFound", "Device '" + device + "' not found");
    }
    if (arguments.has("head")) {
      throw new BlockException(Errno.EINVAL, "'head' must be specified together with 'device'");
    }
    Picture picture = board.screen();
    if (picture == null) {
      throw new BlockException(Errno.EINVAL, "There is no console to take a screendump from");
    }
    String name = arguments.string("format");
    PictureFormat format = name == null ? PictureFormat.PPM : PictureFormat.named(name);
    PictureFile.write(
        picture,
        format == null ? PictureFormat.PPM : format,
        Monitor.required(arguments, "filename"));
    return new JsonObject();
  }

  private JsonObject sendKey(JsonObject arguments) throws BlockException {
    long hold = HOLD_MILLIS;
    if (arguments.get("hold-time") instanceof JsonNumber given) {
      hold = given.bits();
    }
    if (hold < 0 || hold > MOST_HOLD_MILLIS) {
      throw new BlockException(
          Errno.EINVAL, "hold-time is 0 to " + MOST_HOLD_MILLIS + " milliseconds");
    }
    var keys = new ArrayList<Key>();
    if (arguments.get("keys") instanceof JsonArray values) {
      if (values.size() > MOST_KEYS) {
        throw new BlockException(Errno.EINVAL, "more than " + MOST_KEYS + " keys at once");
      }
      for (int index = 0; index < values.size(); index++) {
        keys.add(key((JsonObject) values.get(index)));
      }
    }
    board.type(keys, (int) hold);
    return new JsonObject();
  }

  private static Key key(JsonObject value) throws BlockException {
    String name = value.string("data");
    Key key = null;
    if (name != null) {
      key = Key.named(name);
    } else if (value.get("data") instanceof JsonNumber number) {
      name = number.toString();
      key = Key.numbered(number.bits());
    }
    if (key == null) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "the keyboard of this board has no key '" + name + "'");
    }
    return key;
  }

  private static QmpException noBalloon() {
    return new QmpException("DeviceNotActive", "No balloon device has been activated");
  }

  private JsonObject balloon(JsonObject arguments) throws BlockException, QmpException {
    long bytes = arguments.get("value") instanceof JsonNumber given ? given.bits() : 0;
    if (board.balloonLeft() < 0) {
      throw noBalloon();
    }
    if (bytes <= 0) {
      throw new BlockException(Errno.EINVAL, "Parameter 'target' expects a size");
    }
    board.balloon(bytes);
    return new JsonObject();
  }

  private JsonObject queryBalloon() throws QmpException {
    long left = board.balloonLeft();
    if (left < 0) {
      throw noBalloon();
    }
    return new JsonObject().put("actual", left);
  }

  private JsonObject injectNmi() throws BlockException {
    if (!board.hasBoard()) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "this feature or command is not currently supported");
    }
    board.injectNmi();
    return new JsonObject();
  }
}
