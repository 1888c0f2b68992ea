// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.archive.ArchiveLibrary;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver {@code archive}; as a file name {@code archive:FILE}, {@code tar:FILE!MEMBER} or
 * {@code zip:FILE!MEMBER}.
 */
public final class ArchiveFactory implements BlockDriverFactory {
  private static final Option<String> MEMBER =
      Option.string("member", "Name of the file in a tar or zip, default its only disk");

  private static final Option<Boolean> VERIFY =
      Option.bool("verify", "Compare a file with the digest in its archive's manifest first")
          .orElse(true);

  /** Where a file name given for the driver goes: the file below may have options of its own. */
  private static final Option<String> FILE_NAME =
      Option.string("x-file", "File name of the archive");

  /** For the service loader. */
  public ArchiveFactory() {}

  @Override
  public String name() {
    return "archive";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "archive";
  }

  @Override
  public boolean answersTo(String prefix) {
    return prefix.equals("archive") || prefix.equals("tar") || prefix.equals("zip");
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(MEMBER, VERIFY, FILE_NAME);
  }

  @Override
  public List<String> contentOptions() {
    return List.of(MEMBER.name());
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    String rest = filename.substring(filename.indexOf(':') + 1);
    int mark = rest.lastIndexOf('!');
    if (mark >= 0) {
      options.put(MEMBER.name(), rest.substring(mark + 1));
      rest = rest.substring(0, mark);
    }
    if (rest.isEmpty()) {
      throw new BlockException(Errno.EINVAL, "'" + filename + "' names no archive");
    }
    options.put(FILE_NAME.name(), rest);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    if (context.flags().writable() && !context.flags().autoReadOnly()) {
      throw new BlockException(Errno.EACCES, "Archives are for reading only");
    }
    String member = options.take(MEMBER);
    Child file = context.childNamedByUser("file", EdgeRole.FILTERED, options.take(FILE_NAME));
    return ArchiveLibrary.provider().open(file, member, options.take(VERIFY, true));
  }
}
