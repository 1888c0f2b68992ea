// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.EnumSet;
import java.util.Set;

/**
 * The filter {@code blkdebug}; as a file name {@code blkdebug:CONFIGURATION:IMAGE}.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptionsBlkdebug"
 */
public final class BlkdebugFactory implements BlockDriverFactory {
  private static final Option<String> CONFIG =
      Option.string("config", "Path to the configuration file");
  private static final String IMAGE = "image";

  /** Where a file name given for the filter goes: the image below may have options of its own. */
  private static final Option<String> IMAGE_NAME =
      Option.string("x-image", "File name of the image below");

  /** For the service loader. */
  public BlkdebugFactory() {}

  @Override
  public String name() {
    return "blkdebug";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public String protocol() {
    return "blkdebug";
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(CONFIG, IMAGE_NAME).and(RequestLimits.OPTIONS);
  }

  @Override
  public boolean everyOptionIsContent() {
    return true;
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    String rest = ImageName.withoutProtocol(filename, name());
    if (rest.equals(filename)) {
      options.put(IMAGE_NAME.name(), filename);
      return;
    }
    int colon = rest.indexOf(':');
    if (colon < 0) {
      throw new BlockException(Errno.EINVAL, "blkdebug requires both config file and image path");
    }
    if (colon > 0) {
      options.put(CONFIG.name(), rest.substring(0, colon));
    }
    options.put(IMAGE_NAME.name(), rest.substring(colon + 1));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    String configuration = options.take(CONFIG);
    var sections = new RuleSections();
    if (configuration != null) {
      sections.read(configuration);
    }
    String imageName = options.take(IMAGE_NAME);
    Child image = context.childNamedByUser(IMAGE, EdgeRole.FILTERED, imageName);
    boolean nameSaysAll = options.isEmpty();
    sections.take(options);
    RequestLimits limits = RequestLimits.take(options, image.limits().requestAlignment());
    Set<Permission> taken = takePermissions(options, "take-child-perms");
    Set<Permission> unshared = takePermissions(options, "unshare-child-perms");
    var engine = new RuleEngine(sections.rules());
    engine.event(DebugEvent.NONE);
    return new BlkdebugDriver(image, configuration, nameSaysAll, engine, limits, taken, unshared);
  }

  private static Set<Permission> takePermissions(BlockOptions options, String name)
      throws BlockException {
    Set<Permission> permissions = EnumSet.noneOf(Permission.class);
    BlockOptions items = options.section(name);
    for (int i = 0; !items.isEmpty(); i++) {
      String word = items.takeString(Integer.toString(i));
      if (word == null) {
        throw new BlockException(
            Errno.EINVAL, "Parameter '" + name + "' expects a list of permissions");
      }
      permissions.add(permission(word));
    }
    return permissions;
  }

  private static Permission permission(String word) throws BlockException {
    for (Permission permission : Permission.values()) {
      if (permission.words().replace(' ', '-').equals(word)) {
        return permission;
      }
    }
    // The reference has lost the parameter's name by then.
    throw new BlockException(Errno.EINVAL, "Parameter 'null' does not accept value '" + word + "'");
  }
}
