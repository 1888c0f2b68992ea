// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code authz-list-file}: rules, in a JSON file that is read again whenever somebody comes, unless
 * {@code refresh} is off. While it cannot be read nobody may.
 *
 * <p>The reference's schema and its program disagree on the type's name, so that none can be made
 * with it on a command line; here both names work.
 *
 * @see "QEMU's QAPI schema, AuthZListFileProperties"
 */
final class AuthorizationListFileType implements ObjectType {
  private static final int MAX_BYTES = 4 << 20;

  /** The schema's name for it. */
  static final String OTHER_NAME = "authz-listfile";

  private record Refreshed(String file) implements Authorization {
    @Override
    public boolean allows(String identity) {
      try {
        return load(file).allows(identity);
      } catch (BlockException e) {
        return false;
      }
    }
  }

  @Override
  public String name() {
    return "authz-list-file";
  }

  @Override
  public List<Property> properties() {
    return List.of(Property.string("filename"), Property.bool("refresh", true));
  }

  @Override
  public NamedObject create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    String file = properties.requiredString("filename");
    boolean refresh = properties.bool("refresh", true);
    properties.rejectUnknown();
    AuthorizationRules rules = load(file);
    return refresh ? new Refreshed(file) : rules;
  }

  private static AuthorizationRules load(String file) throws BlockException {
    String text;
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw BlockException.of(Errno.EFBIG, "Unable to read '" + file + "'");
      }
      text = new String(bytes, StandardCharsets.UTF_8);
    } catch (BlockException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw BlockException.of(Errno.ENOENT, "Unable to read '" + file + "'").causedBy(e);
    } catch (IOException | InvalidPathException e) {
      throw BlockException.of(Errno.EIO, "Unable to read '" + file + "'").causedBy(e);
    }
    try {
      if (JsonReader.parse(text) instanceof JsonObject object) {
        return AuthorizationRules.take(ObjectProperties.of(object));
      }
    } catch (BlockException e) {
      throw e.during("File '" + file + "' has no rules");
    }
    throw new BlockException(Errno.EINVAL, "File '" + file + "' must contain a JSON object");
  }
}
