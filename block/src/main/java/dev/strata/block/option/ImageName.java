// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import org.jspecify.annotations.Nullable;

/** What the name of an image says before anything is opened. */
public final class ImageName {
  private static final String JSON = "json:";

  private ImageName() {}

  /** Whether the name is options in JSON. */
  public static boolean isJson(String name) {
    return name.startsWith(JSON);
  }

  /** The options that a {@code json:} name holds. */
  public static BlockOptions parseJson(String name) throws BlockException {
    try {
      if (JsonReader.parse(name.substring(JSON.length())) instanceof JsonObject object) {
        return BlockOptions.of(object);
      }
    } catch (BlockException e) {
      throw e.during("Could not parse the JSON options");
    }
    throw new BlockException(EINVAL, "Invalid JSON object given");
  }

  /** The protocol that a name begins with, {@code nbd} of {@code nbd:…}; null if with none. */
  public static @Nullable String protocol(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == ':') {
        return name.substring(0, i);
      }
      if (c == '/') {
        return null;
      }
    }
    return null;
  }

  /** Whether a name without protocol stands for itself, wherever one is. */
  public static boolean isAbsolute(String name) {
    return name.startsWith("/");
  }

  /** A relative {@code name} as seen from the folder of {@code image}. */
  public static String combine(String image, String name) {
    if (protocol(name) != null || isAbsolute(name)) {
      return name;
    }
    String protocol = protocol(image);
    int start = protocol == null ? 0 : protocol.length() + 1;
    int slash = image.lastIndexOf('/');
    return image.substring(0, Math.max(start, slash + 1)) + name;
  }
}
