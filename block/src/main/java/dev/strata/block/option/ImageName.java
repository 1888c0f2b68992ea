// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import dev.strata.block.json.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * The name of an image, as users give it and as image files hold it for their backing files: a
 * path, {@code protocol:…}, or options as {@code json:{…}}.
 */
public final class ImageName {
  private static final String JSON = "json:";

  private ImageName() {}

  /** Whether {@code name} holds options. */
  public static boolean isJson(String name) {
    return name.startsWith(JSON);
  }

  /**
   * The options that a name holds for which {@link #isJson} says so; EINVAL when it is malformed.
   */
  public static BlockOptions parseJson(String name) throws BlockException {
    JsonValue value;
    try {
      value = JsonReader.parse(name.substring(JSON.length()));
    } catch (BlockException e) {
      throw e.during("Could not parse the JSON options");
    }
    if (value instanceof JsonObject object) {
      return BlockOptions.of(object);
    }
    throw new BlockException(EINVAL, "Invalid JSON object given");
  }

  /**
   * What is before the first colon, or null when there is none or a slash is before it: {@code
   * ./a:b} is a path. It may be empty, or no protocol anybody knows.
   */
  public static @Nullable String protocol(String name) {
    int colon = protocolEnd(name);
    return colon < 0 ? null : name.substring(0, colon);
  }

  /** {@code name} without {@code protocol:} at its start. */
  public static String withoutProtocol(String name, String protocol) {
    return name.startsWith(protocol)
            && name.length() > protocol.length()
            && name.charAt(protocol.length()) == ':'
        ? name.substring(protocol.length() + 1)
        : name;
  }

  /** A name of the file {@code path} that cannot be taken for a protocol: {@code ./a:b}. */
  public static String ofPath(String path) {
    return protocolEnd(path) < 0 ? path : "./" + path;
  }

  /** Whether the path, after a protocol if there is one, starts with a slash. */
  public static boolean isAbsolute(String name) {
    return name.startsWith("/", protocolEnd(name) + 1);
  }

  /**
   * The name of a file that the image {@code base} calls {@code name}: relative paths start in the
   * image's folder. Absolute paths, names with a protocol and the empty name stay as they are.
   * Nothing is normalised: {@code d/image} and {@code ../base} give {@code d/../base}.
   */
  public static String combine(String base, String name) {
    if (name.isEmpty() || protocolEnd(name) >= 0 || isAbsolute(name)) {
      return name;
    }
    return folder(base) + name;
  }

  /** {@code base} up to its last slash, or its protocol when it has no slash; may be empty. */
  public static String folder(String base) {
    int end = Math.max(base.lastIndexOf('/'), protocolEnd(base));
    return base.substring(0, end + 1);
  }

  /** The place of the colon that ends a protocol, or -1. */
  private static int protocolEnd(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == ':') {
        return i;
      }
      if (c == '/') {
        return -1;
      }
    }
    return -1;
  }
}
